package kind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"

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

// purge removes the containers of a cluster, with their volumes, the network if it
// was the last, and what says that the cluster is this directory's.
func purge(ctx context.Context, docker *container.Client, name, dir string) error {
	if err := discardNodes(ctx, docker, name); err != nil {
		return err
	}
	if err := dropNetwork(ctx, docker, name); err != nil {
		return err
	}
	return unclaim(ctx, docker, name, dir)
}

// discardNodes removes the containers of a cluster, with their volumes.
func discardNodes(ctx context.Context, docker *container.Client, name string) error {
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
	return err
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

// Leftovers finds the nodes of labctl's clusters, by kind's label, and their volumes.
func (e *Engine) Leftovers(ctx context.Context) ([]engine.Resource, error) {
	docker, _, err := e.docker()
	if err != nil {
		return nil, nil //nolint:nilerr // without a Docker Engine there is nothing in it
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
	look, cancel := context.WithTimeout(ctx, container.PingTime)
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
	err = attended(ctx, docker, func(ctx context.Context) error {
		if node {
			calm(ctx, docker, r.Name)
			return discard(ctx, docker, r.Name)
		}
		if err := dropNetwork(ctx, docker, r.Name); err != nil {
			return err
		}
		return unclaim(ctx, docker, r.Name, "")
	})
	return errors.Join(err, docker.Close())
}
