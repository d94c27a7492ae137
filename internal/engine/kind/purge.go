package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/filters"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// nodes lists the containers of a cluster, running or not; of all of labctl's
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
	own := all[:0]
	for _, c := range all {
		if strings.HasPrefix(c.Labels[clusterLabel], clusterPrefix) {
			own = append(own, c)
		}
	}
	return own, nil
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
		go func() { failed <- discard(ctx, docker, c.ID) }()
	}
	for range all {
		err = errors.Join(err, <-failed)
	}
	if err != nil {
		return err
	}
	return dropNetwork(ctx, docker)
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

// Leftovers finds the nodes of labctl's clusters, by kind's label.
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
	all, err := nodes(ctx, docker, "")
	if err != nil {
		return nil, err
	}
	found := make([]engine.Resource, len(all))
	for i, c := range all {
		id := engine.ID(strings.TrimPrefix(c.Labels[clusterLabel], clusterPrefix))
		found[i] = engine.Resource{ID: id, Engine: Name, Kind: kindContainer, Name: strings.TrimPrefix(c.Names[0], "/")}
	}
	return found, nil
}

// Remove removes a node that Leftovers found.
func (e *Engine) Remove(ctx context.Context, r engine.Resource) error {
	if r.Kind != kindContainer || !strings.HasPrefix(r.Name, clusterName(r.ID)+"-") {
		return fmt.Errorf("the kind engine makes no %s %s", r.Kind, r.Name)
	}
	docker, _, err := e.docker()
	if err != nil {
		return err
	}
	return errors.Join(discard(ctx, docker, r.Name), dropNetwork(ctx, docker), docker.Close())
}
