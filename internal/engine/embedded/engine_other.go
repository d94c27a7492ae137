//go:build !linux

package embedded

import (
	"context"
	"errors"
	"runtime"

	"labctl.dev/labctl/internal/engine"
)

// Engine is the engine that this operating system cannot run.
type Engine struct{}

var _ engine.Engine = (*Engine)(nil)

var errNotLinux = errors.New("the embedded engine needs Linux, this is " + runtime.GOOS + "; run labctl on a Linux machine or in a virtual machine")

// New returns an engine whose Probe says why it cannot run here.
func New(Config) *Engine { return &Engine{} }

// Name is "embedded".
func (*Engine) Name() string { return Name }

// Probe says that Linux is needed.
func (*Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	return engine.Capabilities{
		Reason: "the embedded engine needs Linux, this is " + runtime.GOOS,
		Remedy: "run labctl on a Linux machine, or in a virtual machine with Linux",
	}, ctx.Err()
}

// Up fails.
func (*Engine) Up(context.Context, engine.Spec, engine.Ledger, engine.Progress) (engine.Cluster, error) {
	return nil, errNotLinux
}

// Attach finds nothing.
func (*Engine) Attach(context.Context, engine.Spec, engine.Ledger, engine.Progress) (engine.Cluster, error) {
	return nil, engine.ErrNotFound
}

// Down has nothing to remove.
func (*Engine) Down(context.Context, engine.Spec) error { return nil }

// Leftovers is empty.
func (*Engine) Leftovers(context.Context) ([]engine.Resource, error) { return nil, nil }

// Remove has nothing to do.
func (*Engine) Remove(context.Context, engine.Resource) error { return nil }
