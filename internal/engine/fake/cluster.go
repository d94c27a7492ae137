package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"labctl.dev/labctl/internal/engine"
)

var (
	_ engine.Cluster        = (*Cluster)(nil)
	_ engine.ImageLoader    = (*Cluster)(nil)
	_ engine.Resetter       = (*Cluster)(nil)
	_ engine.NodeController = (*Cluster)(nil)
)

// Kubeconfig is empty: there is no API server.
func (*Cluster) Kubeconfig() string { return "" }

// LearnerKubeconfig is empty as well.
func (*Cluster) LearnerKubeconfig() string { return "" }

// Port is 0.
func (*Cluster) Port() int { return 0 }

// Health names the nodes that were stopped.
func (c *Cluster) Health(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.stopped {
		return fmt.Errorf("node %s is off", name)
	}
	return errors.Join(c.err, ctx.Err())
}

// Done is closed by Close and by Break.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err is what Break was given.
func (c *Cluster) Err() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the cluster and keeps its directory.
func (c *Cluster) Close(context.Context) error {
	c.once.Do(func() { close(c.done) })
	return nil
}

// Break ends the cluster as if it had died.
func (c *Cluster) Break(why error) {
	c.mu.Lock()
	c.err = why
	c.mu.Unlock()
	c.once.Do(func() { close(c.done) })
}

// state is the file that stands for what is in the cluster.
func (c *Cluster) state(name string) string {
	return filepath.Join(c.engine.dir(c.spec.ID), name)
}

// LoadImages keeps the archive.
func (c *Cluster) LoadImages(ctx context.Context, archive io.Reader) error {
	if err := c.engine.fail("images"); err != nil {
		return err
	}
	data, err := io.ReadAll(archive)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(c.state("images"), data, 0o644), ctx.Err())
}

// Baseline remembers the state.
func (c *Cluster) Baseline(ctx context.Context) error {
	if err := c.engine.fail("baseline"); err != nil {
		return err
	}
	return errors.Join(copyFile(c.state("objects"), c.state("baseline")), ctx.Err())
}

// Reset goes back to the baseline.
func (c *Cluster) Reset(ctx context.Context) error {
	if err := c.engine.fail("reset"); err != nil {
		return err
	}
	return errors.Join(c.engine.dawdle(ctx), copyFile(c.state("baseline"), c.state("objects")))
}

// copyFile copies a file; one that is missing is empty.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// StopNode notes that a node is off.
func (c *Cluster) StopNode(_ context.Context, name string) error {
	if name == "lab-control-plane" {
		return &engine.NodeNameError{Reason: name + " cannot be stopped alone"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped[name] = true
	return nil
}

// StartNode notes that it is on again.
func (c *Cluster) StartNode(ctx context.Context, name string) error {
	if err := errors.Join(c.engine.fail("start node"), ctx.Err()); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.stopped, name)
	return nil
}
