//go:build linux

package embedded

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/engine"
)

// readyPoll is short: what it finds late, the learner waits for.
const readyPoll = 25 * time.Millisecond

// settle sees nodes that have just been started through to the point where pods
// can run on them.
func (c *Cluster) settle(ctx context.Context, nodes []*member, progress engine.Progress) error {
	settling, ctx := errgroup.WithContext(ctx)
	for _, m := range nodes {
		settling.Go(func() error { return c.loadPause(ctx, m) })
	}
	settling.Go(func() error { return c.waitReady(ctx, slices.Clone(nodes), progress) })
	return settling.Wait()
}

// waitReady waits until each of these nodes says that all of it works, telling
// what has come up meanwhile. It gives up at once when a node ends.
func (c *Cluster) waitReady(ctx context.Context, nodes []*member, progress engine.Progress) error {
	seen := map[string]bool{}
	var ailing string
	err := wait.PollUntilContextCancel(ctx, readyPoll, true, func(ctx context.Context) (bool, error) {
		if err := c.Err(); err != nil {
			return false, err
		}
		nodes = slices.DeleteFunc(nodes, func(m *member) bool {
			h, err := m.control.health(ctx)
			ailing = m.name + " does not answer yet"
			if err != nil {
				return false
			}
			for _, component := range h.Components {
				if key := m.name + ": " + component.Name; component.OK && !seen[key] {
					seen[key] = true
					progress(key + " is up")
				}
			}
			ailing = m.name + ": " + h.broken()
			return h.Ready
		})
		return len(nodes) == 0, nil
	})
	switch {
	case err == nil:
		return nil
	case c.Err() != nil:
		return c.Err()
	}
	return fmt.Errorf("wait for the cluster (%s): %w", ailing, context.Cause(ctx))
}
