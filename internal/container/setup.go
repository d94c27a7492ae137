package container

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// EnsureNetwork makes a network unless there is one of this name.
func (c *Client) EnsureNetwork(ctx context.Context, name string) error {
	there, err := c.Inspect(ctx, Network, name)
	if err != nil || there != nil {
		return err
	}
	if _, err := c.API.NetworkCreate(ctx, name, network.CreateOptions{}); err != nil {
		return fmt.Errorf("make the network %s: %w", name, err)
	}
	return nil
}

// EnsureVolume makes a volume unless there is one of this name.
func (c *Client) EnsureVolume(ctx context.Context, name string) error {
	if _, err := c.API.VolumeCreate(ctx, volume.CreateOptions{Name: name}); err != nil {
		return fmt.Errorf("make the volume %s: %w", name, err)
	}
	return nil
}

// RunToEnd runs a container, waits until it ends and removes it. It is an error
// unless it ends with exit code 0.
func (c *Client) RunToEnd(ctx context.Context, s Spec) (err error) {
	id, err := c.run(ctx, s)
	if id != "" {
		defer func() { err = errors.Join(err, c.Discard(ctx, id)) }()
	}
	if err != nil {
		return err
	}
	ended, lost := c.API.ContainerWait(ctx, id, dockercontainer.WaitConditionNotRunning)
	select {
	case end := <-ended:
		if end.StatusCode == 0 {
			return nil
		}
		var said strings.Builder
		err := c.Logs(ctx, id, 3, &said)
		return errors.Join(fmt.Errorf("container %s ended with exit code %d: %s", s.Name, end.StatusCode, strings.TrimSpace(said.String())), err)
	case err := <-lost:
		return fmt.Errorf("wait for container %s: %w", s.Name, err)
	}
}
