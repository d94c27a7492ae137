package environment

import (
	"context"
	"errors"
	"time"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
)

// Rebuild restores the starting state of the environment: cluster and
// workspace. The learner's files are copied to the path returned first, also
// when it fails later. No check runs from the beginning to the end of it.
func (l *Lifecycle) Rebuild(ctx context.Context, o Observer) (saved string, took []StepTime, err error) {
	if err := l.whole(); err != nil {
		return "", nil, err
	}
	lock, err := l.holdChecks(ctx, o)
	if err != nil {
		return "", nil, err
	}
	defer lock.Release()
	workspace := func(l *Lifecycle, _ context.Context, _ Observer) (err error) {
		saved, err = l.Env.restoreWorkspace(l.Material.Files, l.Now())
		return err
	}
	const advice = "Look at %s and try again. `labctl stop`, which keeps your files, and a new start give you a fresh one."
	took, err = l.run(ctx, l.rebuildSteps(step{"workspace", CodeState, workspace}), advice, o)
	if err != nil {
		return saved, took, err
	}
	return saved, took, l.Env.Save()
}

// whole fails if something of the environment has ended by itself: a start brings
// that back, a reset does not.
func (l *Lifecycle) whole() error {
	var ended error
	if c := l.Cluster(); c != nil {
		ended = c.Err()
	}
	for _, part := range l.Parts() {
		ended = errors.Join(ended, part.Err())
	}
	if ended == nil {
		return nil
	}
	return problem(CodeEngine, "Run `labctl start --env "+l.Env.Name+"`, which brings it back with your work in it, and then reset it.", ended,
		"the environment %q is broken", l.Env.Name)
}

// holdChecks keeps checks away, and shows that it waits for one.
func (l *Lifecycle) holdChecks(ctx context.Context, o Observer) (*Lock, error) {
	const step = "checks"
	var began time.Time
	lock, err := l.Env.AcquireCheck(ctx, func() {
		began = l.Now()
		o.StepStarted(step)
		o.Progress("waiting for a check to end")
	})
	if err == nil && !began.IsZero() {
		o.StepDone(step, l.Now().Sub(began))
	}
	return lock, err
}

func (l *Lifecycle) rebuildSteps(workspace step) []step {
	steps := []step{{"stimuli", CodeEngine, (*Lifecycle).tryUndo}}
	if len(l.Components) > 0 {
		steps = append(steps, step{"parts", CodeEngine, (*Lifecycle).resetParts})
	}
	steps = append(steps, workspace) // after what runs in parts and writes to it
	steps = append(steps, l.containerSteps()...)
	if l.Env.Nodes == 0 && len(l.Components) > 0 {
		return steps
	}
	if _, fast := l.cluster.(engine.Resetter); fast {
		return append(steps,
			step{"cluster", CodeEngine, (*Lifecycle).resetCluster},
			step{"workloads", CodeSetup, (*Lifecycle).awaitWorkloads})
	}
	steps = append(steps, step{"removal", CodeEngine, (*Lifecycle).down})
	for _, s := range l.startSteps() {
		if s.name != "state" && s.name != "workspace" {
			steps = append(steps, s)
		}
	}
	return steps
}

// resetParts gives the parts the lab's images again: the learner may have removed
// some, or given their names to others.
func (l *Lifecycle) resetParts(ctx context.Context, _ Observer) error {
	return l.eachPart(func(part component.Running) error {
		if err := part.Reset(ctx); err != nil || l.Material.Images == nil {
			return err
		}
		return l.load(ctx, part, part.LoadImages)
	})
}

func (l *Lifecycle) resetCluster(ctx context.Context, _ Observer) error {
	if err := l.cluster.(engine.Resetter).Reset(ctx); err != nil {
		return err
	}
	return l.Env.ForgetStimuli()
}

func (l *Lifecycle) down(ctx context.Context, _ Observer) error {
	return errors.Join(l.Close(ctx), l.Engine.Down(ctx, l.spec()), l.Env.ForgetStimuli())
}
