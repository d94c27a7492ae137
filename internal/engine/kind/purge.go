package kind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// nodes lists the containers of a cluster, running or not; of all of kind's
// clusters if name is empty.
func nodes(ctx context.Context, docker *container.Client, name string) ([]dockercontainer.Summary, error) {
	label := clusterLabel
	if name != "" {
		label += "=" + name
	}
	all, err := docker.API.ContainerList(ctx, dockercontainer.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", label))})
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	return all, nil
}

// claim makes the volume that says whose a cluster is.
func claim(ctx context.Context, docker *container.Client, name, dir string) error {
	if _, err := docker.API.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: map[string]string{dirLabel: dir}}); err != nil {
		return fmt.Errorf("make the volume %s: %w", name, err)
	}
	return nil
}

// claims are the directories of all of labctl's clusters, by their names.
func claims(ctx context.Context, docker *container.Client) (map[string]string, error) {
	list, err := docker.API.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", dirLabel))})
	if err != nil {
		return nil, fmt.Errorf("list the volumes: %w", err)
	}
	dirs := map[string]string{}
	for _, v := range list.Volumes {
		if strings.HasPrefix(v.Name, clusterPrefix) {
			dirs[v.Name] = v.Labels[dirLabel]
		}
	}
	return dirs, nil
}

// purge removes the containers of a cluster, with their volumes, and the network
// if it was the last.
func purge(ctx context.Context, docker *container.Client, name string) error {
	all, err := nodes(ctx, docker, name)
	if err != nil {
		return err
	}
	failed := make(chan error, len(all))
	for _, c := range all {
		go func() {
			if c.State == dockercontainer.StateRunning {
				calm(ctx, docker, c.ID)
			}
			failed <- discard(ctx, docker, c.ID)
		}()
	}
	for range all {
		err = errors.Join(err, <-failed)
	}
	if err != nil {
		return err
	}
	return errors.Join(unclaim(ctx, docker, name), dropNetwork(ctx, docker))
}

func unclaim(ctx context.Context, docker *container.Client, name string) error {
	if err := docker.API.VolumeRemove(ctx, name, false); err != nil && !container.Gone(err) {
		return fmt.Errorf("remove the volume %s: %w", name, err)
	}
	return nil
}

func discard(ctx context.Context, docker *container.Client, id string) error {
	err := docker.API.ContainerRemove(ctx, id, dockercontainer.RemoveOptions{Force: true, RemoveVolumes: true})
	if container.Gone(err) || container.Conflict(err) { // somebody else is removing it
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the node %s: %w", id, err)
	}
	return nil
}

// dropNetwork removes the network that clusters share, unless one still does.
func dropNetwork(ctx context.Context, docker *container.Client) error {
	err := docker.API.NetworkRemove(ctx, networkName)
	if err == nil || container.Gone(err) || container.Conflict(err) || strings.Contains(err.Error(), "active endpoints") {
		return nil
	}
	return fmt.Errorf("remove the network %s: %w", networkName, err)
}

// Leftovers finds the nodes of labctl's clusters, by kind's label, and their volumes.
func (e *Engine) Leftovers(ctx context.Context) ([]engine.Resource, error) {
	docker, _, err := e.docker()
	if err != nil {
		return nil, nil //nolint:nilerr // without a Docker Engine there is nothing in it
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
	look, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	if _, err := docker.API.Ping(look); err != nil {
		return nil, ctx.Err()
	}
	dirs, err := claims(ctx, docker)
	if err != nil {
		return nil, err
	}
	all, err := nodes(ctx, docker, "")
	if err != nil {
		return nil, err
	}
	var found []engine.Resource
	for _, c := range all {
		name := c.Labels[clusterLabel]
		if dir, ours := dirs[name]; ours {
			found = append(found, resource(name, kindContainer, nodeName(c), dir))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dirs)) { // after the nodes: without it nobody would find them
		found = append(found, resource(name, kindVolume, name, dirs[name]))
	}
	return found, nil
}

func resource(cluster, kind, name, dir string) engine.Resource {
	return engine.Resource{ID: engine.ID(strings.TrimPrefix(cluster, clusterPrefix)), Engine: Name, Kind: kind, Name: name, Dir: dir}
}

// Remove removes a node, or a cluster's volume, that Leftovers found.
func (e *Engine) Remove(ctx context.Context, r engine.Resource) error {
	node := r.Kind == kindContainer && strings.HasPrefix(r.Name, clusterName(r.ID)+"-")
	mark := r.Kind == kindVolume && r.Name == clusterName(r.ID)
	if !node && !mark {
		return fmt.Errorf("the kind engine makes no %s %s", r.Kind, r.Name)
	}
	docker, _, err := e.docker()
	if err != nil {
		return err
	}
	if node {
		calm(ctx, docker, r.Name)
		err = discard(ctx, docker, r.Name)
	} else {
		err = unclaim(ctx, docker, r.Name)
	}
	return errors.Join(err, dropNetwork(ctx, docker), docker.Close())
}
