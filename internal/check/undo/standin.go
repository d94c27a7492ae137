package undo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/container"
)

const (
	// nameTime is how long a stand-in that is being made may hold the name.
	nameTime = 5 * time.Second
	// portTime is how long a container that has ended may hold its ports.
	portTime = 5 * time.Second
)

// takePlace removes what stands in for the container and gives the name back. If
// somebody else has it by now, the container is displaced: the learner, or Compose
// for them, has replaced it, and it stays stopped, with all that is in it.
func (c Container) takePlace(ctx context.Context, docker *container.Client) (displaced bool, err error) {
	err = poll(ctx, nameTime, func(context.Context) (bool, error) { // patience, and no bound of one call
		stands, err := docker.StandIns(ctx, c.ID)
		if err != nil {
			return false, err
		}
		for _, id := range stands {
			if err := docker.Discard(ctx, id); err != nil {
				return false, err
			}
		}
		now, err := docker.API.ContainerInspect(ctx, c.ID)
		if err != nil || now.Name != "/"+container.Aside(c.ID) {
			return true, err // the stimulus did not come that far, or this is done
		}
		err = docker.API.ContainerRename(ctx, c.ID, c.Name)
		displaced = container.Conflict(err)
		if displaced {
			return false, nil // perhaps by one that is being made to stand in
		}
		return true, err
	})
	if displaced && errors.Is(err, errPatience) {
		return true, nil
	}
	return false, err
}

// start starts the container again. If another one of the learner's publishes its
// ports by now, it stays stopped: they have replaced it.
func (c Container) start(ctx context.Context, docker *container.Client, now dockercontainer.InspectResponse) error {
	var taken error
	err := poll(ctx, portTime, func(context.Context) (bool, error) {
		err := docker.API.ContainerStart(ctx, c.ID, dockercontainer.StartOptions{})
		if portTaken(err) {
			taken = err
			return false, nil
		}
		return true, err
	})
	if taken == nil || !errors.Is(err, errPatience) {
		return err
	}
	all, err := docker.All(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].State.Running && sharesPort(now, all[i]) {
			return nil
		}
	}
	return fmt.Errorf("%w; end what uses it, or remove the container", taken)
}

// portTaken tells the engine's refusal, and labctl's in its place, to start a
// container whose port something else has. It is one of many that have no kind.
func portTaken(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "port is already allocated") || strings.Contains(err.Error(), "address already in use"))
}

// sharesPort tells whether two containers publish the same port of the host.
func sharesPort(a, b dockercontainer.InspectResponse) bool {
	ports := map[string]bool{}
	for port, bindings := range a.HostConfig.PortBindings {
		for _, binding := range bindings {
			ports[port.Proto()+binding.HostPort] = true
		}
	}
	for port, bindings := range b.HostConfig.PortBindings {
		for _, binding := range bindings {
			if binding.HostPort != "" && ports[port.Proto()+binding.HostPort] {
				return true
			}
		}
	}
	return false
}
