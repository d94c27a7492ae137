//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/node"
)

// LoadImages sends the tar to every node that runs, all at once.
func (c *Cluster) LoadImages(ctx context.Context, tar io.Reader) error {
	members := map[string]*member{}
	for _, m := range c.running() {
		members[m.name] = m
	}
	return engine.LoadEach(ctx, tar, slices.Sorted(maps.Keys(members)), func(ctx context.Context, node string, tar io.Reader) error {
		return members[node].control.do(ctx, "/images", tar)
	})
}

// Baseline makes the present state the one that Reset returns to.
func (c *Cluster) Baseline(ctx context.Context) error { return c.onServer(ctx, "/baseline") }

// Reset returns to the baseline.
func (c *Cluster) Reset(ctx context.Context) error {
	// Workers that are off were on at the baseline, and have volumes to put back.
	for i := 2; i <= c.spec.Nodes; i++ {
		if c.member(node.Name(i)) != nil {
			continue
		}
		if err := c.StartNode(ctx, node.Name(i)); err != nil {
			return fmt.Errorf("start %s again: %w", node.Name(i), err)
		}
	}
	return c.onServer(ctx, "/reset")
}

func (c *Cluster) onServer(ctx context.Context, path string) error {
	nodes := c.running()
	if len(nodes) == 0 || nodes[0].Index() != 1 {
		return fmt.Errorf("%s: the control plane does not run", path)
	}
	return nodes[0].control.do(ctx, path, nil)
}

// StopNode cuts a worker off as a power failure does.
func (c *Cluster) StopNode(ctx context.Context, name string) error {
	if _, err := c.worker(name); err != nil {
		return err
	}
	return c.takeDown(ctx, name)
}

// StartNode starts a worker again and waits until it works. One that does not get
// there is off afterwards: half a node would end the cluster later.
func (c *Cluster) StartNode(ctx context.Context, name string) error {
	i, err := c.worker(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("given up after %v", startTimeout))
	defer cancel()
	if m := c.member(name); m != nil { // it is on
		return c.settle(ctx, []*member{m}, engine.Quiet)
	}
	if err = c.startNode(ctx, i); err == nil {
		err = c.settle(ctx, []*member{c.member(name)}, engine.Quiet)
	}
	if err != nil {
		return errors.Join(err, c.takeDown(context.WithoutCancel(ctx), name))
	}
	return nil
}

// takeDown ends a node, if it is on.
func (c *Cluster) takeDown(ctx context.Context, name string) error {
	m := c.member(name)
	if m == nil {
		return nil
	}
	m.stop(ctx, 0)
	return c.bury(ctx, m)
}

func (c *Cluster) member(name string) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members[name]
}

// worker returns the number of the worker with this name.
func (c *Cluster) worker(name string) (int, error) {
	var workers []string
	for i := 2; i <= c.spec.Nodes; i++ {
		workers = append(workers, node.Name(i))
	}
	if i := slices.Index(workers, name); i >= 0 {
		return i + 2, nil
	}
	reason := fmt.Sprintf("there is no worker %q; there is %s", name, strings.Join(workers, " and "))
	switch {
	case name == node.Name(1):
		reason = name + " runs the control plane and cannot be stopped alone; labctl stop ends the whole lab"
	case len(workers) == 0:
		reason = fmt.Sprintf("there is no worker %q: this cluster has one node", name)
	}
	return 0, &engine.NodeNameError{Reason: reason}
}
