package environment

import (
	"context"
	"errors"
	"fmt"
	"os"

	"labctl.dev/labctl/internal/engine"
)

// Remove ends the environment: the cluster, everything made for it, and the
// state directory. A workspace that was changed is kept, at the path returned,
// unless discard is set. It is idempotent and goes as far as it can: what it
// cannot remove it names, and the state stays so that it can be tried again.
func (l *Lifecycle) Remove(ctx context.Context, discard bool) (saved string, err error) {
	l.Env.Phase = Stopping
	if _, missing := os.Stat(l.Env.Dir()); missing == nil {
		err = l.Env.Save()
	}
	if err = errors.Join(err, l.Close(ctx)); err != nil {
		return "", fmt.Errorf("end the cluster: %w", err)
	}
	return l.Env.Dismantle(ctx, l.Engine, l.Bin, discard, false, l.Now())
}

// Rebuild restores the starting state of the environment: cluster and
// workspace. The learner's files are copied to the path returned first.
func (l *Lifecycle) Rebuild(ctx context.Context, o Observer) (saved string, took []StepTime, err error) {
	steps := []step{
		{"stimuli", CodeEngine, (*Lifecycle).undo},
		{"workspace", CodeState, func(l *Lifecycle, _ context.Context, _ Observer) error {
			saved, err = l.Env.restoreWorkspace(l.Material.Files, l.Now())
			return err
		}},
	}
	if _, fast := l.cluster.(engine.Resetter); fast {
		steps = append(steps,
			step{"cluster", CodeEngine, (*Lifecycle).resetCluster},
			step{"checker", CodeSetup, (*Lifecycle).startProber},
			step{"workloads", CodeSetup, (*Lifecycle).awaitWorkloads})
	} else {
		steps = append(steps, step{"removal", CodeEngine, (*Lifecycle).down})
		for _, s := range startSteps() {
			if s.name != "state" && s.name != "workspace" {
				steps = append(steps, s)
			}
		}
	}
	took, err = l.run(ctx, steps, o)
	if err != nil {
		return saved, took, err
	}
	return saved, took, l.Env.Save()
}

func (l *Lifecycle) resetCluster(ctx context.Context, _ Observer) error {
	return l.cluster.(engine.Resetter).Reset(ctx)
}

func (l *Lifecycle) down(ctx context.Context, _ Observer) error {
	return errors.Join(l.Close(ctx), l.Engine.Down(ctx, l.spec()))
}
