package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/component/docker/proxy"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

const (
	// markerPrefix is what the names of labctl's own volumes begin with. They do not
	// carry the environment's label: the learner does not see them.
	markerPrefix = "labctl-docker-"
	// dirLabel is on an environment's marker: the component's directory. What has no
	// marker is not labctl's to remove.
	dirLabel = "dev.labctl.docker.dir"

	kindVolume = "volume"
	// kindGuest is everything that an environment has in an engine but its marker.
	kindGuest = "docker environment"
)

func markerName(id string) string { return markerPrefix + id }

// mark says in the engine whose the environment is.
func mark(ctx context.Context, docker *container.Client, spec component.Spec) error {
	return makeVolume(ctx, docker, markerName(spec.ID), map[string]string{dirLabel: spec.Dir})
}

func makeVolume(ctx context.Context, docker *container.Client, name string, labels map[string]string) error {
	if _, err := docker.API.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: labels}); err != nil {
		return fmt.Errorf("make the volume %s: %w", name, err)
	}
	return nil
}

func dropVolume(ctx context.Context, docker *container.Client, name string) error {
	if err := docker.API.VolumeRemove(ctx, name, true); err != nil && !container.Gone(err) {
		return fmt.Errorf("remove the volume %s: %w", name, err)
	}
	return nil
}

// marked lists labctl's volumes that have a label.
func marked(ctx context.Context, docker *container.Client, label string) ([]*volume.Volume, error) {
	list, err := docker.API.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", label))})
	if err != nil {
		return nil, fmt.Errorf("list the volumes: %w", err)
	}
	return slices.DeleteFunc(list.Volumes, func(v *volume.Volume) bool { return !strings.HasPrefix(v.Name, markerPrefix) }), nil
}

// moveOut takes everything of an environment out of the user's engine, its marker
// last: without it nobody would find the rest.
func moveOut(ctx context.Context, spec component.Spec) error {
	docker, err := open(ctx, spec.Existing)
	if err != nil {
		return err
	}
	return errors.Join(vacate(ctx, docker, spec), docker.Close())
}

func vacate(ctx context.Context, docker *container.Client, spec component.Spec) error {
	if err := belongingsOf(docker, spec).remove(ctx); err != nil {
		return err
	}
	if err := returnImages(ctx, docker, spec); err != nil {
		return err
	}
	return dropVolume(ctx, docker, markerName(spec.ID))
}

// Leftovers finds environments in the user's engine by their markers.
func (c Component) Leftovers(ctx context.Context) ([]engine.Resource, error) {
	if c.Getenv == nil {
		return nil, nil
	}
	docker, _, trouble, err := container.Users(ctx, c.Getenv)
	if err != nil || trouble.What != "" { // without a Docker Engine there is nothing in it
		return nil, err
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
	markers, err := marked(ctx, docker, dirLabel)
	if err != nil {
		return nil, err
	}
	var found []engine.Resource
	for _, m := range markers {
		id := strings.TrimPrefix(m.Name, markerPrefix)
		found = append(found, engine.Resource{ID: engine.ID(id), Engine: c.Name(), Kind: kindGuest, Name: id, Dir: m.Labels[dirLabel]})
	}
	return found, nil
}

// Remove takes an environment that Leftovers found out of the user's engine.
func (c Component) Remove(ctx context.Context, r engine.Resource) error {
	if r.Kind != kindGuest || r.Name != string(r.ID) || c.Getenv == nil {
		return fmt.Errorf("the component docker makes no %s %s", r.Kind, r.Name)
	}
	docker, _, trouble, err := container.Users(ctx, c.Getenv)
	if err == nil && trouble.What != "" {
		err = errors.New(trouble.What)
	}
	if err != nil {
		return err
	}
	return errors.Join(vacate(ctx, docker, component.Spec{ID: r.Name, Dir: r.Dir}), docker.Close())
}

// labelled is the filter for what an environment has.
func labelled(id string) filters.Args {
	return filters.NewArgs(filters.Arg("label", proxy.Label+"="+id))
}
