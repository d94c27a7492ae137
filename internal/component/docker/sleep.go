package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	dockercontainer "github.com/docker/docker/api/types/container"
	"golang.org/x/sync/errgroup"

	"labctl.dev/labctl/internal/container"
)

// asleepName is the list of the containers that ran when the environment was closed.
const asleepName = "asleep.json"

// sleep stops the environment's containers, as the end of an engine of ours does,
// and remembers which ran. An engine that does not answer has none running.
func (g *Guest) sleep(ctx context.Context) error {
	if g.docker.Ping(ctx) != nil {
		return nil
	}
	all, err := belongingsOf(g.docker, g.spec).containers(ctx)
	if err != nil {
		return err
	}
	var running []string
	for _, c := range all {
		if c.State == dockercontainer.StateRunning || c.State == dockercontainer.StatePaused {
			running = append(running, c.ID)
		}
	}
	if len(running) == 0 {
		return nil
	}
	data, err := json.Marshal(running)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(g.spec.Dir, asleepName), data, 0o600); err != nil {
		return fmt.Errorf("remember which containers run: %w", err)
	}
	grace := int(stopGrace.Seconds())
	return each(ctx, running, func(ctx context.Context, id string) error {
		return g.docker.API.ContainerStop(ctx, id, dockercontainer.StopOptions{Timeout: &grace})
	})
}

// wake starts the containers again that sleep stopped. One that cannot start, for
// another has its port now, is for the learner to see to.
func (g *Guest) wake(ctx context.Context) error {
	path := filepath.Join(g.spec.Dir, asleepName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read which containers ran: %w", err)
	}
	var ran []string
	if err := json.Unmarshal(data, &ran); err != nil {
		return fmt.Errorf("read which containers ran: %w", err)
	}
	err = each(ctx, ran, func(ctx context.Context, id string) error {
		return g.docker.API.ContainerStart(ctx, id, dockercontainer.StartOptions{})
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		g.log.Warn("cannot start a container again", "error", err)
	}
	return os.Remove(path)
}

// each does something to several containers at once. One that is gone is no error.
func each(ctx context.Context, ids []string, do func(context.Context, string) error) error {
	var all errgroup.Group // one that fails does not keep the others
	for _, id := range ids {
		all.Go(func() error {
			if err := do(ctx, id); err != nil && !container.Gone(err) {
				return fmt.Errorf("container %s: %w", id[:12], err)
			}
			return nil
		})
	}
	return all.Wait()
}
