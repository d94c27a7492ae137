//go:build linux

package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
)

const baselineName = "baseline.json"

// Baseline remembers the images that are there now as those that Reset leaves.
func (e *Engine) Baseline(ctx context.Context) error {
	list, err := e.client.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the images: %w", err)
	}
	ids := make([]string, len(list))
	for i, image := range list {
		ids[i] = image.ID
	}
	data, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.spec.Dir, baselineName), data, 0o600)
}

// Reset takes away containers, networks and volumes, and the images that were
// not there when the engine was handed over.
func (e *Engine) Reset(ctx context.Context) error {
	return errors.Join(e.removeContainers(ctx), e.removeNetworks(ctx), e.removeVolumes(ctx), e.removeImages(ctx))
}

func (e *Engine) removeContainers(ctx context.Context) error {
	list, err := e.client.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range list {
		if err := e.client.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			return fmt.Errorf("remove the container %s: %w", c.ID, err)
		}
	}
	return nil
}

func (e *Engine) removeNetworks(ctx context.Context) error {
	list, err := e.client.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the networks: %w", err)
	}
	for _, n := range list {
		if n.Name == "bridge" || n.Name == "host" || n.Name == "none" {
			continue
		}
		if err := e.client.NetworkRemove(ctx, n.ID); err != nil {
			return fmt.Errorf("remove the network %s: %w", n.Name, err)
		}
	}
	return nil
}

func (e *Engine) removeVolumes(ctx context.Context) error {
	list, err := e.client.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the volumes: %w", err)
	}
	for _, v := range list.Volumes {
		if err := e.client.VolumeRemove(ctx, v.Name, true); err != nil {
			return fmt.Errorf("remove the volume %s: %w", v.Name, err)
		}
	}
	return nil
}

func (e *Engine) removeImages(ctx context.Context) error {
	list, err := e.client.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the images: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(e.spec.Dir, baselineName))
	if err != nil {
		return fmt.Errorf("read which images to keep: %w", err)
	}
	var keep []string
	if err := json.Unmarshal(data, &keep); err != nil {
		return fmt.Errorf("read which images to keep: %w", err)
	}
	for _, i := range list {
		if slices.Contains(keep, i.ID) {
			continue
		}
		if _, err := e.client.ImageRemove(ctx, i.ID, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil {
			return fmt.Errorf("remove the image %s: %w", i.ID, err)
		}
	}
	return nil
}
