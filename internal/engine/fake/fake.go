// Package fake is an engine for tests: its clusters are directories, and it can
// be slow and fail where a test wants it to. No user can choose it.
package fake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
)

// Name is the engine's name.
const Name = "fake"

// phases are what Up makes, in order; each is a file in the cluster's directory.
func phases() []string { return []string{"network", "node", "api"} }

// Engine keeps its clusters below Root, which stands for the machine: what is
// there can be found without any state directory.
type Engine struct {
	Root string
	// Delay is how long each phase of Up takes, Attach and Reset.
	Delay time.Duration
	// Hold makes each of these wait as long as this file exists; empty is none.
	Hold string
	// Fail is asked before each phase ("network", "node", "api", "images",
	// "baseline", "reset", "start node", "down") and makes it fail. Nil never does.
	Fail func(phase string) error
	// Unavailable is the reason that Probe gives; empty if there is none.
	Unavailable string

	mu    sync.Mutex
	alive []*Cluster
}

var _ engine.Engine = (*Engine)(nil)

// Name is "fake".
func (*Engine) Name() string { return Name }

// Probe finds the engine available unless the test says otherwise.
func (e *Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	return engine.Capabilities{
		Available: e.Unavailable == "", Reason: e.Unavailable,
		Has: []engine.Capability{engine.CapLoadImages, engine.CapFastReset, engine.CapMultiNode, engine.CapNodeLoss},
	}, ctx.Err()
}

func (e *Engine) dir(id engine.ID) string { return filepath.Join(e.Root, string(id)) }

// Up makes the phases' files, each in the ledger first.
func (e *Engine) Up(ctx context.Context, spec engine.Spec, led engine.Ledger, progress engine.Progress) (engine.Cluster, error) {
	if err := os.MkdirAll(spec.Dir, 0o755); err != nil {
		return nil, err
	}
	for _, phase := range phases() {
		progress(phase)
		if err := e.make(ctx, spec, led, phase); err != nil {
			return nil, errors.Join(err, e.Down(context.WithoutCancel(ctx), spec))
		}
	}
	return e.newCluster(spec), nil
}

func (e *Engine) make(ctx context.Context, spec engine.Spec, led engine.Ledger, phase string) error {
	path := filepath.Join(e.dir(spec.ID), phase)
	if _, err := os.Stat(path); err == nil {
		return ctx.Err()
	}
	if _, err := led.Begin(ledger.Entry{Kind: ledger.KindDir, Name: path}); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return err
	}
	if err := e.fail(phase); err != nil {
		return err
	}
	if err := e.dawdle(ctx); err != nil {
		return fmt.Errorf("%s: %w", phase, err)
	}
	return nil
}

// dawdle takes the time that a test wants.
func (e *Engine) dawdle(ctx context.Context) error {
	timer := time.NewTimer(e.Delay)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := os.Stat(e.Hold); err != nil {
			return ctx.Err()
		}
		timer.Reset(10 * time.Millisecond)
	}
}

func (e *Engine) fail(phase string) error {
	if e.Fail == nil {
		return nil
	}
	return e.Fail(phase)
}

// Attach finds the cluster that an Up has finished.
func (e *Engine) Attach(ctx context.Context, spec engine.Spec, _ engine.Ledger, _ engine.Progress) (engine.Cluster, error) {
	for _, phase := range phases() {
		if _, err := os.Stat(filepath.Join(e.dir(spec.ID), phase)); err != nil {
			return nil, engine.ErrNotFound
		}
	}
	if err := e.dawdle(ctx); err != nil {
		return nil, err
	}
	return e.newCluster(spec), nil
}

// Down removes the cluster's directories.
func (e *Engine) Down(ctx context.Context, spec engine.Spec) error {
	if err := e.fail("down"); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(e.dir(spec.ID)), os.RemoveAll(spec.Dir), ctx.Err())
}

// Leftovers lists every cluster below Root.
func (e *Engine) Leftovers(ctx context.Context) ([]engine.Resource, error) {
	entries, err := os.ReadDir(e.Root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var found []engine.Resource
	for _, entry := range entries {
		found = append(found, engine.Resource{ID: engine.ID(entry.Name()), Engine: Name, Kind: "directory", Name: e.dir(engine.ID(entry.Name()))})
	}
	return found, errors.Join(err, ctx.Err())
}

// Remove removes a cluster's directory.
func (e *Engine) Remove(_ context.Context, r engine.Resource) error { return os.RemoveAll(e.dir(r.ID)) }

// Cluster is a fake cluster.
type Cluster struct {
	engine *Engine
	spec   engine.Spec
	once   sync.Once
	done   chan struct{}

	mu      sync.Mutex
	err     error
	stopped map[string]bool
}

func (e *Engine) newCluster(spec engine.Spec) *Cluster {
	c := &Cluster{engine: e, spec: spec, done: make(chan struct{}), stopped: map[string]bool{}}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alive = append(e.alive, c)
	return c
}

// BreakAll ends the clusters of this engine as if they had died.
func (e *Engine) BreakAll(why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.alive {
		c.Break(why)
	}
}
