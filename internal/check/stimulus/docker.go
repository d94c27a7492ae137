package stimulus

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/go-units"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/lab"
)

// docker does something to a container of Docker's.
type docker struct {
	env  *Env
	spec lab.DockerStimulus
	id   string // of the container
	name string
	held undo.Container
}

// verb is what is done, and to which container.
func verb(s lab.DockerStimulus) (what, of string) {
	for _, v := range []struct{ what, of string }{
		{"stop", s.Stop}, {"kill", s.Kill}, {"pause", s.Pause}, {"restart", s.Restart}, {"recreate", s.Recreate}, {"disconnect", s.Disconnect},
	} {
		if v.of != "" {
			return v.what, v.of
		}
	}
	if s.Run != nil {
		return "run", s.Run.Name
	}
	return "nothing", ""
}

// Plan finds the container and notes what it is like.
func (d *docker) Plan(ctx context.Context) (undo.Record, error) {
	what, of := verb(d.spec)
	if what == "run" {
		return undo.Record{Containers: []undo.Container{{Name: d.spec.Run.Name}}}, nil
	}
	now, err := d.find(ctx, of, what)
	if err != nil {
		return undo.Record{}, err
	}
	switch what {
	case "recreate":
		d.held.Stand, d.held.Aside = d.name, "labctl-aside-"+d.id[:12]
	case "disconnect":
		n, has := now.NetworkSettings.Networks[d.spec.From]
		if !has {
			return undo.Record{}, d.failure(NotFound, of, "the %s is not in the network %s", container.Spoken(of), d.spec.From)
		}
		d.held.Network, d.held.Endpoint = n.NetworkID, container.Endpoint(n, d.id)
	}
	return undo.Record{Containers: []undo.Container{d.held}}, nil
}

// find looks for the container, which has to run, and notes what it is like.
func (d *docker) find(ctx context.Context, of, what string) (now dockercontainer.InspectResponse, err error) {
	id, err := d.env.Docker.Find(ctx, of)
	if err != nil {
		return now, err
	}
	if id == "" {
		return now, d.failure(NotFound, of, "there is no %s", container.Spoken(of))
	}
	if now, err = d.env.Docker.API.ContainerInspect(ctx, id); err != nil {
		return now, fmt.Errorf("inspect the %s: %w", container.Spoken(of), err)
	}
	if !now.State.Running || now.State.Paused {
		return now, d.failure(NotReady, of, "the %s is %s, so there is nothing to %s", container.Spoken(of), now.State.Status, what)
	}
	d.id, d.name = id, strings.TrimPrefix(now.Name, "/")
	d.held = undo.Container{
		ID: id, Name: d.name, Running: true, Healthy: now.State.Health != nil && now.State.Health.Status == dockercontainer.Healthy,
	}
	return now, nil
}

// Do does it. The engine has done it when it answers.
func (d *docker) Do(ctx context.Context) error {
	api := d.env.Docker.API
	what, of := verb(d.spec)
	var err error
	switch what {
	case "stop":
		err = api.ContainerStop(ctx, d.id, dockercontainer.StopOptions{})
	case "kill":
		err = api.ContainerKill(ctx, d.id, "KILL")
	case "pause":
		err = api.ContainerPause(ctx, d.id)
	case "restart":
		err = api.ContainerRestart(ctx, d.id, dockercontainer.StopOptions{})
	case "disconnect":
		err = api.NetworkDisconnect(ctx, d.held.Network, d.id, true)
	case "recreate":
		err = d.env.Docker.Replace(ctx, d.id, d.held.Aside)
	case "run":
		return d.run(ctx)
	}
	if container.Gone(err) {
		return d.failure(NotFound, of, "the %s went away", container.Spoken(of))
	}
	if err != nil {
		return fmt.Errorf("%s the %s: %w", what, container.Spoken(of), err)
	}
	return nil
}

// run runs the check's own container. What the engine refuses is the learner's
// image or network, for the lab's words have been proved by its verdict cases.
func (d *docker) run(ctx context.Context) error {
	r := d.spec.Run
	s := container.Spec{
		Name: r.Name, Image: r.Image, Entrypoint: r.Entrypoint, Command: r.Command, User: r.User, Network: r.Network, Volumes: r.Volumes, ReadOnly: r.ReadOnly,
	}
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		s.Env = append(s.Env, name+"="+r.Env[name])
	}
	if r.Memory != "" {
		memory, err := units.RAMInBytes(r.Memory)
		if err != nil {
			return fmt.Errorf("memory: %w", err)
		}
		s.Memory = memory
	}
	err := d.env.Docker.Run(ctx, s)
	switch {
	case container.Gone(err): // the image or the network
		return d.failure(NotFound, r.Name, "a container of the image %s cannot be made: %s", r.Image, engineSays(err))
	case errdefs.IsInvalidArgument(err) || container.Conflict(err) || errdefs.IsUnknown(err) || errdefs.IsInternal(err):
		return d.failure(Refused, r.Name, "a container of the image %s does not start: %s", r.Image, engineSays(err))
	}
	return err
}

// engineSays is an error without what the client puts before it.
func engineSays(err error) string {
	return strings.TrimPrefix(err.Error(), "Error response from daemon: ")
}

func (d *docker) failure(code, of, format string, args ...any) error {
	return &Failure{
		Code: code, Message: fmt.Sprintf(format, args...),
		About: probe.About{Subject: progress.Subject{Kind: progress.Docker, Name: of, Found: code != NotFound}},
	}
}
