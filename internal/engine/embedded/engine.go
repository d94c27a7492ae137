//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine"
)

// Engine provides clusters on this machine. Its clusters end with the process.
type Engine struct {
	cfg Config

	mu       sync.Mutex
	clusters map[engine.ID]*Cluster
}

var _ engine.Engine = (*Engine)(nil)

// New returns an engine that holds no cluster yet.
func New(cfg Config) *Engine {
	return &Engine{cfg: cfg, clusters: map[engine.ID]*Cluster{}}
}

// Name is "embedded".
func (*Engine) Name() string { return Name }

// Up starts the cluster, on the data of an earlier one with the same Spec.Dir
// if there is any.
func (e *Engine) Up(ctx context.Context, spec engine.Spec, led engine.Ledger, progress engine.Progress) (engine.Cluster, error) {
	if c := e.held(spec.ID); c != nil {
		return c, nil
	}
	if err := check(spec); err != nil {
		return nil, err
	}
	_, err := os.Stat(spec.Dir)
	fresh := errors.Is(err, os.ErrNotExist)
	// What a dead predecessor left must not get in the way of the new nodes.
	if err := machine.Clear(ctx, string(spec.ID)); err != nil {
		return nil, err
	}
	c, err := e.start(ctx, spec, led, progress)
	if err != nil {
		// The caller's context may be what ended; cleaning up has its own time.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, c.Close(undo))
		if fresh {
			err = errors.Join(err, e.Down(undo, spec))
		}
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clusters[spec.ID] = c
	return c, nil
}

// Attach starts the cluster again on the data that Up left.
func (e *Engine) Attach(ctx context.Context, spec engine.Spec, led engine.Ledger, progress engine.Progress) (engine.Cluster, error) {
	if _, err := os.Stat(filepath.Join(spec.Dir, pkiDir)); errors.Is(err, os.ErrNotExist) {
		return nil, engine.ErrNotFound
	}
	return e.Up(ctx, spec, led, progress)
}

// Down ends the cluster's processes, whoever holds them, and removes its
// cgroups and its directory.
func (e *Engine) Down(ctx context.Context, spec engine.Spec) error {
	e.mu.Lock()
	c := e.clusters[spec.ID]
	delete(e.clusters, spec.ID)
	e.mu.Unlock()
	if c != nil {
		if err := c.Close(ctx); err != nil {
			return err
		}
	}
	if err := machine.Clear(ctx, string(spec.ID)); err != nil {
		return err
	}
	if err := os.RemoveAll(spec.Dir); err != nil {
		return fmt.Errorf("remove the cluster's data: %w", err)
	}
	return nil
}

// held returns the cluster if this process has it and it is alive.
func (e *Engine) held(id engine.ID) *Cluster {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.clusters[id]
	if c == nil {
		return nil
	}
	select {
	case <-c.Done():
		delete(e.clusters, id)
		return nil
	default:
		return c
	}
}

// check refuses what cannot work before anything is made.
func check(spec engine.Spec) error {
	if spec.Nodes < 1 || spec.Nodes > maxNodes {
		return fmt.Errorf("a cluster of %d nodes was asked for; the embedded engine has 1 to %d", spec.Nodes, maxNodes)
	}
	lack, err := machine.LackOfDisk(filepath.Dir(spec.Dir))
	if err == nil && lack.What != "" {
		err = errors.New(lack.What + "; " + lack.Remedy)
	}
	return err
}

// note writes a resource down before it is made.
func note(led engine.Ledger, kind, name string) (ledger.Token, error) {
	t, err := led.Begin(ledger.Entry{Kind: kind, Name: name})
	if err != nil {
		return t, fmt.Errorf("note %s in the ledger: %w", name, err)
	}
	return t, nil
}
