//go:build linux

package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/embedded/gateway"
)

// stopGrace is how long a node may take to end before it is killed.
const stopGrace = 500 * time.Millisecond

// Cluster is a running embedded cluster. Beside engine.Cluster it is an
// engine.ImageLoader, a Resetter and a NodeController.
type Cluster struct {
	spec   engine.Spec
	log    *slog.Logger
	ledger engine.Ledger

	hierarchies []hierarchy
	listener    *net.TCPListener
	gateway     *gateway.Gateway

	mu       sync.Mutex
	machines map[string]*machine

	ending sync.Once
	done   chan struct{}
	err    error // set before done is closed
}

var (
	_ engine.Cluster        = (*Cluster)(nil)
	_ engine.ImageLoader    = (*Cluster)(nil)
	_ engine.Resetter       = (*Cluster)(nil)
	_ engine.NodeController = (*Cluster)(nil)
)

func newCluster(log *slog.Logger, spec engine.Spec, led engine.Ledger) *Cluster {
	return &Cluster{spec: spec, log: log, ledger: led, machines: map[string]*machine{}, done: make(chan struct{})}
}

// Kubeconfig is labctl's own.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.spec.Dir, "admin.kubeconfig") }

// LearnerKubeconfig is the learner's.
func (c *Cluster) LearnerKubeconfig() string { return filepath.Join(c.spec.Dir, "learner.kubeconfig") }

// Port is where the API server listens on the host's loopback.
func (c *Cluster) Port() int { return c.listener.Addr().(*net.TCPAddr).Port }

// Done is closed when a node has ended that nobody stopped.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err says why the cluster ended; nil if Close ended it.
func (c *Cluster) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

func (c *Cluster) end(err error) {
	c.ending.Do(func() {
		c.err = err
		close(c.done)
		if c.listener != nil { // so that nobody waits for an answer
			_ = c.listener.Close()
		}
	})
}

// adopt begins to look after a node that has been started.
func (c *Cluster) adopt(m *machine, events *os.File) {
	c.mu.Lock()
	c.machines[m.name] = m
	c.mu.Unlock()
	m.silent = make(chan struct{})
	go func() {
		defer close(m.silent)
		m.watch(events)
	}()
	go func() {
		<-m.process.Done()
		<-m.silent
		if !m.isLeaving() {
			c.end(fmt.Errorf("node %s has ended (%w): %s", m.name, cmp.Or(m.process.Err(), errors.New("by itself")), m.trouble()))
		}
	}()
}

// running returns the nodes that run, the server first.
func (c *Cluster) running() []*machine {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*machine
	for _, m := range c.machines {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *machine) int { return a.index - b.index })
	return all
}

// Health asks every node.
func (c *Cluster) Health(ctx context.Context) error {
	if err := c.Err(); err != nil {
		return err
	}
	var all []error
	for _, m := range c.running() {
		all = append(all, m.health(ctx))
	}
	return errors.Join(all...)
}

// health fails unless all of the node works.
func (m *machine) health(ctx context.Context) error {
	h, err := m.control.health(ctx)
	if err == nil && h.Ready {
		m.well()
		return nil
	}
	ailing := h.broken()
	if err != nil {
		ailing = "it does not answer: " + err.Error()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, why := range m.restarting {
		ailing += fmt.Sprintf("; %s %s and is being restarted", name, why)
	}
	return fmt.Errorf("node %s does not work: %s", m.name, strings.TrimPrefix(ailing, "; "))
}

// Close ends the nodes and removes what runs on the host for them.
func (c *Cluster) Close(ctx context.Context) error {
	c.end(nil)
	var stopping sync.WaitGroup
	all := c.running()
	for _, m := range all {
		stopping.Go(func() { m.stop(ctx, stopGrace) })
	}
	stopping.Wait()
	if c.gateway != nil {
		c.gateway.Close()
	}
	if c.listener != nil {
		_ = c.listener.Close() // closing twice is no harm
	}
	for _, m := range all {
		if err := c.bury(ctx, m); err != nil {
			return err
		}
	}
	for _, h := range c.hierarchies {
		if err := h.remove(ctx, c.spec.ID); err != nil {
			return err
		}
	}
	return nil
}

// bury removes the cgroups of a node that has ended, and forgets it.
func (c *Cluster) bury(ctx context.Context, m *machine) error {
	for _, h := range c.hierarchies {
		if err := h.remove(ctx, c.spec.ID, m.name); err != nil {
			return err
		}
	}
	c.mu.Lock()
	delete(c.machines, m.name)
	c.mu.Unlock()
	for _, t := range m.tokens {
		if err := c.ledger.End(t); err != nil { // a full disk; all it costs is a look for what is gone
			c.log.Warn("cannot note the end of a node in the ledger", "node", m.name, "error", err)
		}
	}
	return nil
}
