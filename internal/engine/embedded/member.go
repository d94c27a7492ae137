//go:build linux

package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/node"
)

// member is a running node of a cluster.
type member struct {
	*machine.Machine

	name    string
	control *control
}

// startNode starts node i and joins it to the network.
func (c *Cluster) startNode(ctx context.Context, i int) error {
	name := node.Name(i)
	dir := filepath.Join(c.spec.Dir, "nodes", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of node %s: %w", name, err)
	}
	control, listener, err := listenControl(dir)
	if err != nil {
		return fmt.Errorf("start node %s: %w", name, err)
	}
	defer listener.Close()
	spec := machine.Spec{Name: name, Index: i, Role: node.Agent, Dir: dir, PKI: filepath.Join(c.spec.Dir, pkiDir), Control: listener}
	if i == 1 {
		spec.Role = node.Server
		if spec.API, err = c.listener.File(); err != nil {
			control.close()
			return fmt.Errorf("start node %s: %w", name, err)
		}
		defer spec.API.Close()
	}
	m, err := c.host.Start(ctx, spec)
	if err != nil {
		control.close()
		return err
	}
	c.adopt(&member{m, name, control})
	return nil
}

// health fails unless all of the node works.
func (m *member) health(ctx context.Context) error {
	h, err := m.control.health(ctx)
	if err == nil && h.Ready {
		m.Well()
		return nil
	}
	ailing := h.broken()
	if err != nil {
		ailing = "it does not answer: " + err.Error()
	}
	for name, why := range m.Restarting() {
		ailing += fmt.Sprintf("; %s %s and is being restarted", name, why)
	}
	return fmt.Errorf("node %s does not work: %s", m.name, strings.TrimPrefix(ailing, "; "))
}

// stop ends the node: politely first, unless grace is 0.
func (m *member) stop(ctx context.Context, grace time.Duration) {
	m.Stop(ctx, grace)
	m.control.close()
}

// adopt begins to look after a node that has been started.
func (c *Cluster) adopt(m *member) {
	c.mu.Lock()
	c.members[m.name] = m
	c.mu.Unlock()
	go func() {
		<-m.Ended()
		if err := m.Err(); err != nil {
			c.end(err)
		}
	}()
}

// bury removes what a node that has ended was made of, and forgets it.
func (c *Cluster) bury(ctx context.Context, m *member) error {
	if err := m.Bury(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	delete(c.members, m.name)
	c.mu.Unlock()
	return nil
}
