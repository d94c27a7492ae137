package environment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"labctl.dev/labctl/internal/apply/manifest"
	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/kube"
)

// Archive is a stream of images.
type Archive = io.ReadCloser

// step is one visible step of a start.
type step struct {
	name string
	code string // of the problem, when the step fails without naming one
	do   func(*Lifecycle, context.Context, Observer) error
}

// startSteps makes an environment, from nothing.
func (l *Lifecycle) startSteps() []step {
	engine := "cluster"
	if l.Env.Nodes == 0 {
		engine = "engine"
	}
	steps := []step{{"state", CodeState, (*Lifecycle).prepare}, {engine, CodeEngine, (*Lifecycle).up}}
	steps = append(steps, l.partSteps()...)
	if l.Material.Images != nil {
		steps = append(steps, step{"images", CodeEngine, (*Lifecycle).loadImages})
	}
	steps = append(steps, l.containerSteps()...)
	if l.Env.Nodes > 0 {
		steps = append(steps,
			step{"manifests", CodeSetup, (*Lifecycle).applyManifests},
			step{"workloads", CodeSetup, (*Lifecycle).awaitWorkloads})
	}
	return append(steps,
		step{"workspace", CodeState, (*Lifecycle).fill},
		step{"baseline", CodeEngine, (*Lifecycle).baseline})
}

// resumeSteps brings an environment back that was started before.
func (l *Lifecycle) resumeSteps() []step {
	if l.Env.Nodes == 0 {
		return append(append([]step{{"engine", CodeEngine, (*Lifecycle).attach}}, l.partSteps()...), step{"stimuli", CodeEngine, (*Lifecycle).undoLeft})
	}
	return append(append([]step{{"cluster", CodeEngine, (*Lifecycle).attach}}, l.partSteps()...),
		step{"stimuli", CodeEngine, (*Lifecycle).undoLeft},
		step{"checker", CodeSetup, (*Lifecycle).startProber})
}

// prepare writes the state down before anything is made.
func (l *Lifecycle) prepare(_ context.Context, _ Observer) error {
	l.Env.Phase = Creating
	if err := l.Env.Home.Make(l.Env.Dir()); err != nil {
		return err
	}
	if err := l.Env.ownLedger(); err != nil {
		return err
	}
	return errors.Join(l.Env.Home.writeIdentity(l.Env.Record), l.Env.Save())
}

func (l *Lifecycle) up(ctx context.Context, o Observer) error {
	cluster, err := l.Engine.Up(ctx, l.spec(), l.Env.Ledger(), o.Progress)
	if err != nil {
		return err
	}
	return l.adopt(cluster)
}

func (l *Lifecycle) attach(ctx context.Context, o Observer) error {
	cluster, err := l.Engine.Attach(ctx, l.spec(), l.Env.Ledger(), o.Progress)
	if errors.Is(err, engine.ErrNotFound) {
		return problem(CodeEngine, "Run `labctl stop --env "+l.Env.Name+"`, which keeps your workspace files, and start the lab anew.", err,
			"the cluster of environment %q is gone", l.Env.Name)
	}
	if err != nil {
		return err
	}
	return l.adopt(cluster)
}

// adopt takes a running cluster over.
func (l *Lifecycle) adopt(cluster engine.Cluster) error {
	l.setCluster(cluster)
	l.Env.Port = cluster.Port()
	if cluster.Kubeconfig() == "" {
		return nil
	}
	if err := l.Env.writeKubeconfigs(cluster, l.Material.Lab.Namespace); err != nil {
		return err
	}
	client, err := kube.FromFile(cluster.Kubeconfig())
	l.client = client
	return err
}

func (l *Lifecycle) loadImages(ctx context.Context, _ Observer) error {
	if l.client != nil {
		loader, ok := l.cluster.(engine.ImageLoader)
		if !ok {
			return problem(CodeUnsupported, "", nil, "the engine %s cannot load images", l.Engine.Name())
		}
		if err := l.load(ctx, l.cluster, loader.LoadImages); err != nil {
			return err
		}
	}
	return l.eachPart(func(part component.Running) error { return l.load(ctx, part, part.LoadImages) })
}

// architectureOf is that of a cluster or a part, labctl's own if it can have no
// other.
func architectureOf(ctx context.Context, place any) (string, error) {
	if a, ok := place.(engine.Architect); ok {
		return a.Architecture(ctx)
	}
	return runtime.GOARCH, nil
}

// load assembles the lab's images for a cluster or a part, and hands them over.
func (l *Lifecycle) load(ctx context.Context, place any, into func(context.Context, io.Reader) error) error {
	if err := l.Env.Home.Make(l.Env.Home.CacheDir()); err != nil {
		return err
	}
	arch, err := architectureOf(ctx, place)
	if err != nil {
		return err
	}
	archive, err := l.Material.Images(arch)
	if err != nil {
		return fmt.Errorf("assemble the images: %w", err)
	}
	defer archive.Close()
	if err := l.Env.Home.ownAll(l.Env.Home.CacheDir()); err != nil {
		return l.Env.Home.unusable(err)
	}
	return into(ctx, archive)
}

func (l *Lifecycle) applyManifests(ctx context.Context, _ Observer) error {
	if l.client == nil {
		return nil
	}
	objects := l.Material.Objects
	if ns := l.Material.Lab.Namespace; ns != "" && ns != "default" {
		objects = append(objects, manifest.Namespace(ns))
	}
	return manifest.Apply(ctx, l.client, l.namespace(), objects)
}

// startProber starts the checker's helper and waits until names resolve in it: checks
// would blame the work for those that do not yet.
func (l *Lifecycle) startProber(ctx context.Context, o Observer) error {
	if l.client == nil || l.Prober == nil {
		return nil
	}
	if err := l.Prober(ctx, l.client); err != nil {
		return err
	}
	o.Progress("waiting until names resolve")
	resolve, err := check.AwaitNames(ctx, l.client)
	if err == nil && !resolve { // the lab or the learner may have wanted that
		l.Log.Warn("no names resolve in the cluster yet")
	}
	return err
}

// awaitWorkloads waits for the lab's workloads and, at the same time, for the
// checker's helper and the cluster's nodes and DNS.
func (l *Lifecycle) awaitWorkloads(ctx context.Context, o Observer) error {
	if l.client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.WorkloadTimeout)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.startProber(ctx, o) })
	group.Go(func() error { return l.awaitCluster(ctx) })
	group.Go(func() error { return manifest.WaitReady(ctx, l.client, l.namespace(), l.Material.Objects) })
	return group.Wait()
}

// awaitCluster waits for what an engine left to be waited for. That it does not come
// is not the lab's fault.
func (l *Lifecycle) awaitCluster(ctx context.Context) error {
	s, ok := l.cluster.(engine.Settler)
	if !ok {
		return nil
	}
	err := s.AwaitReady(ctx)
	if err == nil || ctx.Err() != nil || errors.As(err, new(*engine.Trouble)) {
		return err
	}
	return problem(CodeEngine, "What happened is in "+LogPath(l.Env.Dir())+"; `labctl doctor` checks this machine.", err, "the cluster did not become ready")
}

func (l *Lifecycle) fill(_ context.Context, _ Observer) error {
	sums, err := l.Env.fillWorkspace(l.Material.Files)
	l.Env.Workspace = sums
	return err
}

func (l *Lifecycle) baseline(ctx context.Context, _ Observer) error {
	if r, ok := l.cluster.(engine.Resetter); ok {
		if err := r.Baseline(ctx); err != nil {
			return err
		}
	}
	return l.eachPart(func(part component.Running) error { return part.Baseline(ctx) })
}

// undoLeft is tryUndo while no check runs. One that does, since before the
// supervisor ended, takes back by itself what it did.
func (l *Lifecycle) undoLeft(ctx context.Context, o Observer) error {
	lock, err := l.Env.AcquireCheck(ctx, func() { o.Progress("waiting for a check to end") })
	if isCode(err, CodeBusy) {
		l.Log.Warn("a check is running", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Release()
	return l.tryUndo(ctx, o)
}

// TakeBack takes back what a check that was killed left behind in an environment
// that runs. Nothing is done while a check is running, which does so itself.
func (l *Lifecycle) TakeBack(ctx context.Context, o Observer) error {
	left, err := l.Env.PendingStimuli()
	if err != nil || len(left) == 0 || check.Disturbing(l.Env.CheckLock()) {
		return err
	}
	return l.undoLeft(ctx, o)
}

// tryUndo takes back what a check that was killed left behind, for who holds the
// check's lock. What it cannot
// must keep nobody from their work: it stays in the ledger, where the next
// check finds it and says so, and a reset forgets it.
func (l *Lifecycle) tryUndo(ctx context.Context, _ Observer) error {
	docker, err := l.Env.docker(l.Components, l.Bin)
	if err != nil {
		return err
	}
	world := check.World{Client: l.client, Docker: docker, Workspace: l.Env.WorkspaceDir()}
	err = errors.Join(l.Env.UndoStimuli(ctx, world), world.Close())
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("cannot take back what a check did", "error", err)
		return nil
	}
	return err
}

func (l *Lifecycle) namespace() string {
	if ns := l.Material.Lab.Namespace; ns != "" {
		return ns
	}
	return "default"
}
