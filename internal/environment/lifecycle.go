package environment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/kube"
)

// Observer hears how a long operation gets on. Its methods are called from one
// goroutine at a time.
type Observer interface {
	StepStarted(name string)
	Progress(message string)
	StepDone(name string, took time.Duration)
}

// Lifecycle carries an environment through its life. Its methods but Cluster are
// called one at a time, by the supervisor.
type Lifecycle struct {
	Env    *Environment
	Engine engine.Engine
	// Components are those that the lab needs, in the order of their start.
	Components []component.Component
	Material   Material
	Bin        string // the directory of labctl's helper binaries
	Log        *slog.Logger
	Now        func() time.Time
	// Began is when the user asked for it; the call of Start or Resume if zero.
	Began time.Time
	// WorkloadTimeout is how long the lab's workloads may take to be ready.
	WorkloadTimeout time.Duration
	// Prober puts the checker's helper into the cluster.
	Prober func(context.Context, *kube.Client) error

	client  *kube.Client
	mu      sync.Mutex // of the fields below
	cluster engine.Cluster
	parts   []component.Running
}

// Cluster is the running cluster; nil before a start and after a stop. It may be
// asked at any time.
func (l *Lifecycle) Cluster() engine.Cluster {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cluster
}

func (l *Lifecycle) setCluster(c engine.Cluster) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cluster = c
}

// Start makes the environment. When it fails or is cancelled, everything made
// so far is removed again; if keep is set, the files stay. The caller still holds
// the lock.
func (l *Lifecycle) Start(ctx context.Context, keep bool, o Observer) error {
	began := l.began()
	steps, err := l.run(ctx, l.startSteps(), "Run it again with --keep-on-failure and look at %s, or run `labctl doctor`.", o)
	if err != nil {
		return l.giveUp(ctx, keep, err)
	}
	l.Env.Phase, l.Env.Steps = Ready, steps
	l.Env.ReadyMs = l.Now().Sub(began).Milliseconds()
	if err := l.Env.Save(); err != nil {
		return l.giveUp(ctx, keep, err)
	}
	return nil
}

// Resume brings an environment back whose supervisor has ended: the cluster
// with the learner's work in it. When it fails, what is on disk stays.
func (l *Lifecycle) Resume(ctx context.Context, o Observer) error {
	began := l.began()
	if err := l.Env.Ledger().Compact(); err != nil {
		l.Log.Warn("the ledger stays as long as it is", "error", err) // who needs it says what is wrong with it
	}
	steps, err := l.run(ctx, l.resumeSteps(), "Look at %s. `labctl stop`, which keeps your files, and a new start give you a fresh one.", o)
	if err != nil {
		return errors.Join(err, l.Close(withoutCancel(ctx)))
	}
	l.Env.Steps, l.Env.ReadyMs = steps, l.Now().Sub(began).Milliseconds()
	return l.Env.Save()
}

func (l *Lifecycle) began() time.Time {
	if l.Began.IsZero() {
		return l.Now()
	}
	return l.Began
}

// run does the steps in order and times them. The advice, with the log's path
// for its %s, is for a step that fails without knowing better.
func (l *Lifecycle) run(ctx context.Context, steps []step, advice string, o Observer) ([]StepTime, error) {
	times := make([]StepTime, 0, len(steps))
	for _, s := range steps {
		began := l.Now()
		o.StepStarted(s.name)
		if err := l.do(ctx, s, o); err != nil {
			if ctx.Err() != nil {
				return times, interrupted(ctx)
			}
			l.Log.Error("step failed", "step", s.name, "error", err)
			return times, l.stepFailed(s, advice, err)
		}
		took := l.Now().Sub(began)
		l.Log.Info("step done", "step", s.name, "took", took)
		times = append(times, StepTime{Name: s.name, Ms: took.Milliseconds()})
		o.StepDone(s.name, took)
	}
	return times, nil
}

// do does one step, and gives it up when the cluster it works on ends.
func (l *Lifecycle) do(ctx context.Context, s step, o Observer) error {
	cluster := l.cluster
	if cluster == nil {
		return s.do(l, ctx, o)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-cluster.Done():
			if cluster.Err() != nil { // not by a step
				cancel()
			}
		case <-ctx.Done():
		}
	}()
	err := s.do(l, ctx, o)
	if ended := cluster.Err(); err != nil && ended != nil {
		return fmt.Errorf("the cluster has ended: %w", ended)
	}
	return err
}

func (l *Lifecycle) stepFailed(s step, advice string, err error) error {
	var known *Problem
	if errors.As(err, &known) {
		return err
	}
	var trouble *engine.Trouble
	switch {
	case errors.As(err, &trouble):
		advice = trouble.Remedy
	case container.NoSpace(err):
		advice = "Free some space on the disk of " + l.Env.Home.Dir + ", or set LABCTL_HOME to a directory on another one; then try again."
	case container.PortTaken(err):
		advice = "Another program of this machine has the port: `sudo ss -ltnp` shows which. End it, then try again."
	default:
		advice = fmt.Sprintf(advice, LogPath(l.Env.Dir()))
	}
	return problem(s.code, advice, err, "%s failed", s.name)
}

// giveUp rolls a failed start back.
func (l *Lifecycle) giveUp(ctx context.Context, keep bool, err error) error {
	if keep && ctx.Err() == nil {
		l.Log.Info("keeping what was made", "reason", err)
		return errors.Join(err, l.Env.Save(), l.Close(ctx)) // the supervisor ends, too
	}
	if _, rollback := l.Remove(withoutCancel(ctx), true); rollback != nil {
		return errors.Join(err, fmt.Errorf("and the clean-up failed, run `labctl gc`: %w", rollback))
	}
	return err
}

func interrupted(ctx context.Context) error {
	return problem(CodeInterrupted, "", nil, "interrupted: %v", context.Cause(ctx))
}

// withoutCancel is for cleaning up after a cancellation.
func withoutCancel(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// Close ends the running cluster and keeps its data for Resume.
func (l *Lifecycle) Close(ctx context.Context) error {
	err := l.closeParts(ctx)
	if l.cluster == nil {
		return err
	}
	err = errors.Join(err, l.cluster.Close(ctx))
	l.setCluster(nil)
	l.client = nil
	return err
}

// spec is what the environment asks of its engine.
func (l *Lifecycle) spec() engine.Spec {
	return engine.Spec{
		ID: l.Env.ID, Dir: l.Env.engineDir(), Bin: l.Bin,
		Nodes: max(l.Env.Nodes, 1), Owner: l.Env.Home.Owner, Port: l.Env.Port,
	}
}
