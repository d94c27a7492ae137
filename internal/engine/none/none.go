// Package none is the engine of labs without a cluster. It makes nothing and
// leaves nothing.
package none

import (
	"context"
	"os"
	"sync"

	"labctl.dev/labctl/internal/engine"
)

// Engine provides no cluster. The zero value is ready to use.
type Engine struct{}

var _ engine.Engine = Engine{}

// Name is "none".
func (Engine) Name() string { return "none" }

// Probe always finds the engine available, and without capabilities.
func (Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	return engine.Capabilities{Available: true}, ctx.Err()
}

// Up makes the engine's directory, so that Attach can tell that it was here.
func (Engine) Up(ctx context.Context, spec engine.Spec, _ engine.Ledger, _ engine.Progress) (engine.Cluster, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(spec.Dir, 0o755); err != nil {
		return nil, err
	}
	return newCluster(), nil
}

// Attach succeeds where Up has been.
func (Engine) Attach(ctx context.Context, spec engine.Spec, _ engine.Ledger, _ engine.Progress) (engine.Cluster, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(spec.Dir); err != nil {
		return nil, engine.ErrNotFound
	}
	return newCluster(), nil
}

// Down removes the engine's directory.
func (Engine) Down(_ context.Context, spec engine.Spec) error { return os.RemoveAll(spec.Dir) }

// Leftovers is always empty.
func (Engine) Leftovers(context.Context) ([]engine.Resource, error) { return nil, nil }

// Remove has nothing to do.
func (Engine) Remove(context.Context, engine.Resource) error { return nil }

// cluster is the absence of one, which can nevertheless be closed.
type cluster struct {
	once sync.Once
	done chan struct{}
}

func newCluster() *cluster { return &cluster{done: make(chan struct{})} }

func (*cluster) Kubeconfig() string               { return "" }
func (*cluster) LearnerKubeconfig() string        { return "" }
func (*cluster) Port() int                        { return 0 }
func (*cluster) Health(ctx context.Context) error { return ctx.Err() }
func (c *cluster) Done() <-chan struct{}          { return c.done }
func (*cluster) Err() error                       { return nil }

func (c *cluster) Close(context.Context) error {
	c.once.Do(func() { close(c.done) })
	return nil
}
