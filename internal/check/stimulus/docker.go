package stimulus

import (
	"context"
	"fmt"
	"strings"
	"time"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/lab"
)

// docker does something to a container of Docker's.
type docker struct {
	env   *Env
	spec  lab.DockerStimulus
	id    string // of the container
	grace *int   // in seconds; nil for its own
	held  undo.Container
	made  []string // volumes to make for one of ours
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
		return d.planRun(ctx)
	}
	now, err := d.find(ctx, of, what)
	if err != nil {
		return undo.Record{}, err
	}
	switch what {
	case "pause":
		d.held.Running, d.held.Pauses = false, true
	case "disconnect":
		d.held.Running = false
		return d.planDisconnect(ctx, of, now)
	default:
		if now.HostConfig.AutoRemove {
			return undo.Record{}, d.failure(Refused, of,
				"the %s was started with --rm: Docker would remove it, with what is in it, as soon as this check has it stop; start it without", container.Spoken(of))
		}
		d.held.Stops, d.held.Stand = true, what == "recreate"
		d.grace = grace(now.Config)
	}
	return undo.Record{Containers: []undo.Container{d.held}}, nil
}

func (d *docker) planDisconnect(ctx context.Context, of string, now dockercontainer.InspectResponse) (undo.Record, error) {
	id, err := d.env.Docker.NetworkID(ctx, d.spec.From)
	if err != nil {
		return undo.Record{}, fmt.Errorf("look for the network %s: %w", d.spec.From, err)
	}
	for _, n := range now.NetworkSettings.Networks {
		if id != "" && n.NetworkID == id {
			d.held.Network, d.held.Endpoint = id, container.Endpoint(n, d.id)
			return undo.Record{Containers: []undo.Container{d.held}}, nil
		}
	}
	return undo.Record{}, d.failure(NotFound, of, "the %s is not in the network %s", container.Spoken(of), d.spec.From)
}

const (
	// doTime bounds what the engine is asked to do.
	doTime = 2 * time.Minute
	// maxGrace bounds what a container may ask for before it is killed, in seconds.
	maxGrace = 60
)

// grace is the time that a container gets to end by itself: its own, within reason.
func grace(c *dockercontainer.Config) *int {
	if c.StopTimeout == nil || *c.StopTimeout >= 0 && *c.StopTimeout <= maxGrace {
		return nil
	}
	most := maxGrace
	return &most
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
	if !now.State.Running || now.State.Paused || now.State.Restarting {
		err := d.failure(NotReady, of, "the %s is %s, so there is nothing to %s", container.Spoken(of), now.State.Status, what)
		err.Moving = progress.Containers(time.Now(), []dockercontainer.InspectResponse{now}).Moving
		return now, err
	}
	d.id = id
	d.held = undo.Container{
		ID: id, Name: strings.TrimPrefix(now.Name, "/"), StartedAt: now.State.StartedAt, Running: true,
		Healthy: now.State.Health != nil && now.State.Health.Status == dockercontainer.Healthy,
	}
	return now, nil
}

// Do does it. The engine has done it when it answers.
func (d *docker) Do(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, doTime, fmt.Errorf("the Docker Engine took longer than %s", doTime))
	defer cancel()
	what, of := verb(d.spec)
	if what == "run" {
		return d.run(ctx)
	}
	err := d.act(ctx, what)
	switch {
	case err == nil:
		return nil
	case container.Gone(err):
		return d.failure(NotFound, of, "the %s went away", container.Spoken(of))
	case container.Conflict(err) && (what == "kill" || what == "pause"):
		return d.failure(NotReady, of, "the %s has ended just now, so there is nothing to %s", container.Spoken(of), what)
	}
	return fmt.Errorf("%s the %s: %w", what, container.Spoken(of), err)
}

func (d *docker) act(ctx context.Context, what string) error {
	api, stop := d.env.Docker.API, dockercontainer.StopOptions{Timeout: d.grace}
	switch what {
	case "stop":
		return api.ContainerStop(ctx, d.id, stop)
	case "kill":
		return api.ContainerKill(ctx, d.id, "KILL")
	case "pause":
		return api.ContainerPause(ctx, d.id)
	case "restart":
		return api.ContainerRestart(ctx, d.id, stop)
	case "disconnect":
		return api.NetworkDisconnect(ctx, d.held.Network, d.id, true)
	case "recreate":
		return d.env.Docker.Replace(ctx, d.id, stop)
	}
	return fmt.Errorf("there is no way to %s a container", what)
}

// engineSays is an error without what the client puts before it.
func engineSays(err error) string {
	return strings.TrimPrefix(err.Error(), "Error response from daemon: ")
}

func (d *docker) failure(code, of, format string, args ...any) *Failure {
	return &Failure{
		Code: code, Message: fmt.Sprintf(format, args...),
		About: probe.About{Subject: progress.Subject{Kind: progress.Docker, Name: of, Found: code != NotFound}},
	}
}
