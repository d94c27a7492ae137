// Package component runs the parts of a node side by side in one process and
// knows how each of them fares.
package component

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// stopDeadline is how long a component may take to stop.
const stopDeadline = 300 * time.Millisecond

// Group runs components. The first one to fail ends them all, because a node
// that lacks a part must be restarted, not limp on.
type Group struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *slog.Logger

	mu      sync.Mutex
	checks  []check
	stopped map[string]chan struct{}
}

type check struct {
	name string
	run  func(context.Context) error
}

// Status is the health of one component.
type Status struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// NewGroup returns a group that ends when ctx does.
func NewGroup(ctx context.Context, log *slog.Logger) *Group {
	ctx, cancel := context.WithCancelCause(ctx)
	return &Group{ctx: ctx, cancel: cancel, log: log, stopped: map[string]chan struct{}{}}
}

// Context ends when the group does.
func (g *Group) Context() context.Context { return g.ctx }

// Go runs a component, which blocks until its context ends. Returning earlier,
// with or without an error, counts as a failure of the component.
func (g *Group) Go(name string, run func(context.Context) error) {
	stopped := make(chan struct{})
	g.mu.Lock()
	g.stopped[name] = stopped
	g.mu.Unlock()
	go func() {
		defer close(stopped)
		err := run(g.ctx)
		if g.ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("stopped by itself")
		}
		g.cancel(fmt.Errorf("%s: %w", name, err))
	}()
}

// Check adds a health check, shown under the component's name.
func (g *Group) Check(name string, run func(context.Context) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checks = append(g.checks, check{name, run})
}

// Health runs all checks side by side. It is as slow as the slowest of them, so
// the caller sets the deadline.
func (g *Group) Health(ctx context.Context) []Status {
	g.mu.Lock()
	checks := append([]check(nil), g.checks...)
	g.mu.Unlock()
	statuses := make([]Status, len(checks))
	var wait sync.WaitGroup
	for i, c := range checks {
		wait.Go(func() {
			statuses[i] = Status{Name: c.name, OK: true}
			if err := c.run(ctx); err != nil {
				statuses[i] = Status{Name: c.name, Error: err.Error()}
			}
		})
	}
	wait.Wait()
	return statuses
}

// Failed returns a channel that closes when the group has to end.
func (g *Group) Failed() <-chan struct{} { return g.ctx.Done() }

// Stop ends all components and waits for the named ones, which have something
// to finish; the others end with the process. It returns what Err does.
func (g *Group) Stop(names ...string) error {
	g.cancel(nil)
	deadline := time.After(stopDeadline)
	for _, name := range names {
		g.mu.Lock()
		stopped := g.stopped[name]
		g.mu.Unlock()
		select {
		case <-stopped:
		case <-deadline:
			g.log.Warn("component did not stop in time", "component", name)
			return g.Err()
		}
	}
	return g.Err()
}

// Err returns why the group ended: nil if it was asked to.
func (g *Group) Err() error {
	err := context.Cause(g.ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
