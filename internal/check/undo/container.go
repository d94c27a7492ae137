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
	// StartedAt is since when it ran. One that was started since then is as whoever
	// started it wants it.
	StartedAt string `json:"startedAt,omitempty"`
	// Running says that the stimulus may end it, so that it has to be started again.
	Running bool `json:"running,omitempty"`
	// Stops says that the stimulus has the engine stop it. The engine goes on with
	// that when whoever asked for it is killed: one that runs may be about to end.
	Stops bool `json:"stops,omitempty"`
	// Pauses says that the stimulus freezes it.
	Pauses bool `json:"pauses,omitempty"`
	// Healthy says that its health check passed, and is to again.
	Healthy bool `json:"healthy,omitempty"`
	// Network is one that the stimulus takes it out of, by ID; Endpoint is what
	// it had there.
	Network  string                    `json:"network,omitempty"`
	Endpoint *network.EndpointSettings `json:"endpoint,omitempty"`
	// Stand says that another container takes its place, and name, meanwhile.
	Stand bool `json:"stand,omitempty"`
	// Command undoes what was done inside.
	Command []string `json:"command,omitempty"`
	// Volumes are those that were made for a container of ours.
	Volumes []string `json:"volumes,omitempty"`
}

// restoreTime bounds all that is asked of the engine for one container.
const restoreTime = 3 * time.Minute

// healthTime is how long a container may take to be healthy again.
const healthTime = 60 * time.Second

// restore brings the container back. What the learner has removed stays so.
func (c Container) restore(ctx context.Context, docker *container.Client) error {
	if docker == nil {
		return fmt.Errorf("bring back container %s: there is no Docker", c.Name)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, restoreTime, fmt.Errorf("the Docker Engine took longer than %s", restoreTime))
	defer cancel()
	if err := c.bringBack(ctx, docker); err != nil && !container.Gone(err) {
		return fmt.Errorf("bring back container %s: %w", c.Name, err)
	}
	return nil
}

func (c Container) bringBack(ctx context.Context, docker *container.Client) error {
	if c.ID == "" {
		return docker.DiscardTrial(ctx, c.Name, c.Volumes)
	}
	if c.Stand {
		if displaced, err := c.takePlace(ctx, docker); err != nil || displaced {
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
	if err := c.setGoing(ctx, docker, now); err != nil || !c.Healthy {
		return err
	}
	return c.awaitHealth(ctx, docker)
}

// setGoing has it run again if that was the stimulus's doing.
func (c Container) setGoing(ctx context.Context, docker *container.Client, now dockercontainer.InspectResponse) error {
	switch {
	case now.State.StartedAt != c.StartedAt:
		return nil // it has been started meanwhile, by the learner or by us
	case now.State.Paused && c.Pauses:
		return docker.API.ContainerUnpause(ctx, c.ID)
	case now.State.Paused:
		return nil
	case c.Stops && now.State.Running: // either not begun, or under way
		return docker.API.ContainerRestart(ctx, c.ID, dockercontainer.StopOptions{})
	case c.Running && !now.State.Running:
		return c.start(ctx, docker, now)
	}
	return nil
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
	if container.Gone(err) { // the learner removed the network, or the container
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
		idle := !now.State.Running || now.State.Paused // then nobody asks for its health
		return idle || now.State.Health == nil || now.State.Health.Status == dockercontainer.Healthy, nil
	})
	if errors.Is(err, errPatience) {
		return nil // its own health check keeps it from being healthy
	}
	return err
}
