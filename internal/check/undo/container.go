package undo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker/api/types/network"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/container"
)

// Container is a container of Docker's that a stimulus did something to, as it
// was before; or one that the stimulus made, if it has no ID.
type Container struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Running and Paused are what it was.
	Running bool `json:"running,omitempty"`
	Paused  bool `json:"paused,omitempty"`
	// Healthy says that its health check passed, and is to again.
	Healthy bool `json:"healthy,omitempty"`
	// Network is one that the stimulus takes it out of, by ID; Endpoint is what
	// it had there.
	Network  string                    `json:"network,omitempty"`
	Endpoint *network.EndpointSettings `json:"endpoint,omitempty"`
	// Stand is the name of a container that takes its place meanwhile. The
	// container itself is then called Aside.
	Stand string `json:"stand,omitempty"`
	Aside string `json:"aside,omitempty"`
	// Command undoes what was done inside, as long as it runs since StartedAt.
	Command   []string `json:"command,omitempty"`
	StartedAt string   `json:"startedAt,omitempty"`
}

// healthTime is how long a container may take to be healthy again.
const healthTime = 60 * time.Second

// restore brings the container back. What the learner has removed stays so.
func (c Container) restore(ctx context.Context, docker *container.Client) error {
	if err := c.bringBack(ctx, docker); err != nil && !container.Gone(err) {
		return fmt.Errorf("bring back container %s: %w", c.Name, err)
	}
	return nil
}

func (c Container) bringBack(ctx context.Context, docker *container.Client) error {
	if c.ID == "" {
		return docker.Discard(ctx, c.Name)
	}
	if c.Stand != "" {
		if err := c.takePlace(ctx, docker); err != nil {
			return err
		}
	}
	now, err := docker.API.ContainerInspect(ctx, c.ID)
	if err != nil {
		return err
	}
	if err := c.reconnect(ctx, docker, now); err != nil {
		return err
	}
	if err := c.undoInside(ctx, docker, now); err != nil {
		return err
	}
	switch {
	case now.State.Paused && !c.Paused:
		err = docker.API.ContainerUnpause(ctx, c.ID)
	case c.Running && !now.State.Running && !now.State.Restarting:
		err = docker.API.ContainerStart(ctx, c.ID, dockercontainer.StartOptions{})
	}
	if err != nil || !c.Healthy {
		return err
	}
	return c.awaitHealth(ctx, docker)
}

// takePlace removes the one that stands in for the container and gives the name
// back, unless somebody else has it by now.
func (c Container) takePlace(ctx context.Context, docker *container.Client) error {
	stand, err := docker.API.ContainerInspect(ctx, c.Name)
	if err == nil && stand.Config.Labels[container.StandIn] == c.ID {
		err = docker.Discard(ctx, stand.ID)
	}
	if err != nil && !container.Gone(err) {
		return err
	}
	now, err := docker.API.ContainerInspect(ctx, c.ID)
	if err != nil || now.Name != "/"+c.Aside {
		return err // the stimulus did not come that far, or this is done
	}
	err = docker.API.ContainerRename(ctx, c.ID, c.Name)
	if container.Conflict(err) {
		return nil // the learner has made one of that name
	}
	return err
}

func (c Container) reconnect(ctx context.Context, docker *container.Client, now dockercontainer.InspectResponse) error {
	if c.Network == "" {
		return nil
	}
	for _, n := range now.NetworkSettings.Networks {
		if n.NetworkID == c.Network {
			return nil
		}
	}
	err := docker.API.NetworkConnect(ctx, c.Network, c.ID, c.Endpoint)
	if container.Gone(err) { // the learner removed the network
		return nil
	}
	return err
}

// commandTime is how long the command may take.
const commandTime = 20 * time.Second

// undoInside runs the command in the container. Its exit code does not matter.
func (c Container) undoInside(ctx context.Context, docker *container.Client, now dockercontainer.InspectResponse) error {
	if len(c.Command) == 0 || !now.State.Running || now.State.Paused || now.State.StartedAt != c.StartedAt {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	_, err := docker.Exec(ctx, c.ID, c.Command, io.Discard, io.Discard)
	if again, lost := docker.API.ContainerInspect(ctx, c.ID); lost == nil && again.State.StartedAt != c.StartedAt || container.Gone(lost) {
		return nil // it ended, or was replaced, under our hands
	}
	return err
}

func (c Container) awaitHealth(ctx context.Context, docker *container.Client) error {
	err := poll(ctx, healthTime, func(ctx context.Context) (bool, error) {
		now, err := docker.API.ContainerInspect(ctx, c.ID)
		if err != nil {
			return false, err
		}
		return now.State.Health == nil || now.State.Health.Status == dockercontainer.Healthy, nil
	})
	if errors.Is(err, errPatience) {
		return nil // its own health check keeps it from being healthy
	}
	return err
}
