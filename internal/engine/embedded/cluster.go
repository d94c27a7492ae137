//go:build linux

package embedded

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/machine"
)

// stopGrace is how long a node may take to end before it is killed.
const stopGrace = 500 * time.Millisecond

// Cluster is a running embedded cluster. Beside engine.Cluster it is an
// engine.ImageLoader, a Resetter and a NodeController.
type Cluster struct {
	spec   engine.Spec
	log    *slog.Logger
	ledger engine.Ledger

	host     *machine.Host
	listener *net.TCPListener

	mu      sync.Mutex
	members map[string]*member

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
	return &Cluster{spec: spec, log: log, ledger: led, members: map[string]*member{}, done: make(chan struct{})}
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

// running returns the nodes that run, the server first.
func (c *Cluster) running() []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*member
	for _, m := range c.members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *member) int { return a.Index() - b.Index() })
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

// Close ends the nodes and removes what runs on the host for them.
func (c *Cluster) Close(ctx context.Context) error {
	c.end(nil)
	var stopping sync.WaitGroup
	all := c.running()
	for _, m := range all {
		stopping.Go(func() { m.stop(ctx, stopGrace) })
	}
	stopping.Wait()
	if c.listener != nil {
		_ = c.listener.Close() // closing twice is no harm
	}
	for _, m := range all {
		if err := c.bury(ctx, m); err != nil {
			return err
		}
	}
	if c.host != nil {
		c.host.Close()
	}
	return nil
}
