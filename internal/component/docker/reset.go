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

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"k8s.io/apimachinery/pkg/util/wait"
)

const baselineName = "baseline.json"

// baseline are the images that Reset leaves: their tags by their ID.
type baseline map[string][]string

// Baseline remembers the images that are there now as those that Reset leaves.
func (e *Engine) Baseline(ctx context.Context) error {
	list, err := e.client.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the images: %w", err)
	}
	keep := baseline{}
	for _, i := range list {
		keep[i.ID] = i.RepoTags
	}
	data, err := json.Marshal(keep)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.spec.Dir, baselineName), data, 0o600)
}

// Reset takes away containers, networks, volumes, what builds have left, and the
// images and tags that were not there when the engine was handed over. Images of
// the lab that the learner has removed come back by LoadImages.
func (e *Engine) Reset(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, resetTimeout, fmt.Errorf("given up after %v", resetTimeout))
	defer cancel()
	keep, err := e.readBaseline()
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextCancel(ctx, resetEvery, true, func(ctx context.Context) (bool, error) {
		s := sweep{Engine: e, keep: keep}
		err := s.all(ctx)
		last = s.busy
		return s.found == 0, err
	})
	if ctx.Err() != nil {
		return fmt.Errorf("remove what the learner made of Docker: %w", errors.Join(context.Cause(ctx), last))
	}
	if err != nil {
		return err
	}
	if _, err := e.client.BuildCachePrune(ctx, build.CachePruneOptions{All: true}); err != nil {
		return fmt.Errorf("remove what builds have left: %w", err)
	}
	return nil
}

func (e *Engine) readBaseline() (baseline, error) {
	data, err := os.ReadFile(filepath.Join(e.spec.Dir, baselineName))
	if err != nil {
		return nil, fmt.Errorf("read which images to keep: %w", err)
	}
	var keep baseline
	if err := json.Unmarshal(data, &keep); err != nil {
		return nil, fmt.Errorf("read which images to keep: %w", err)
	}
	return keep, nil
}

// sweep goes once through all that there is. A learner may go on working
// meanwhile, so things vanish before they are removed, are held by others, and
// come anew: the sweep that finds nothing is the last one.
type sweep struct {
	*Engine

	keep  baseline
	found int   // things that were to be removed
	busy  error // why the last one could not be
}

func (s *sweep) all(ctx context.Context) error {
	for _, kind := range []func(context.Context) error{s.containers, s.networks, s.volumes, s.images} {
		if err := kind(ctx); err != nil {
			return err
		}
	}
	return nil
}

// removed takes note of what became of one thing.
func (s *sweep) removed(what, name string, err error) error {
	s.found++
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	err = fmt.Errorf("remove the %s %s: %w", what, name, err)
	if errdefs.IsConflict(err) || errdefs.IsPermissionDenied(err) { // the latter: a network with containers
		s.busy = err
		return nil
	}
	return err
}

func (s *sweep) containers(ctx context.Context) error {
	list, err := s.client.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return fmt.Errorf("list the containers: %w", err)
	}
	for _, c := range list {
		err := s.client.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		if err := s.removed("container", c.ID, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) networks(ctx context.Context) error {
	list, err := s.client.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the networks: %w", err)
	}
	for _, n := range list {
		if slices.Contains([]string{"bridge", "host", "none"}, n.Name) {
			continue
		}
		if err := s.removed("network", n.Name, s.client.NetworkRemove(ctx, n.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) volumes(ctx context.Context) error {
	list, err := s.client.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the volumes: %w", err)
	}
	for _, v := range list.Volumes {
		if err := s.removed("volume", v.Name, s.client.VolumeRemove(ctx, v.Name, true)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) images(ctx context.Context) error {
	list, err := s.client.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the images: %w", err)
	}
	for _, i := range list {
		tags, ours := s.keep[i.ID]
		remove := []string{i.ID}
		if ours {
			remove = slices.DeleteFunc(slices.Clone(i.RepoTags), func(tag string) bool { return slices.Contains(tags, tag) })
		}
		for _, ref := range remove {
			_, err := s.client.ImageRemove(ctx, ref, image.RemoveOptions{Force: !ours, PruneChildren: true})
			if err := s.removed("image", ref, err); err != nil {
				return err
			}
		}
	}
	return nil
}
