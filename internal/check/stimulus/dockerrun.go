package stimulus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/lab"
)

// planRun notes the container that is to be run, and those of its volumes that are
// made for it. Docker would make any that is missing, and it would stay, as if the
// learner had made it.
func (d *docker) planRun(ctx context.Context) (undo.Record, error) {
	r := d.spec.Run
	for _, v := range r.Volumes {
		name, _, _ := strings.Cut(v, ":")
		there, err := d.env.Docker.Inspect(ctx, container.Volume, name)
		switch {
		case err != nil:
			return undo.Record{}, err
		case there != nil:
		case strings.HasPrefix(name, container.Ours):
			d.made = append(d.made, name)
		default:
			return undo.Record{}, d.failure(NotFound, r.Name, "there is no volume %s", name)
		}
	}
	return undo.Record{Containers: []undo.Container{{Name: r.Name, Volumes: d.made}}}, nil
}

// run runs the check's own container. What the engine refuses is the learner's
// image or network, for the lab's words have been proved by its verdict cases.
func (d *docker) run(ctx context.Context) error {
	r := d.spec.Run
	spec, err := trial(r)
	if err != nil {
		return err
	}
	err = d.env.Docker.Try(ctx, spec)
	switch {
	case errors.Is(err, container.ErrTaken):
		return d.failure(Refused, r.Name, "this check runs a container called %s, and there is one already: give yours another name", r.Name)
	case container.Gone(err): // the image or the network
		return d.failure(NotFound, r.Name, "a container of the image %s cannot be made: %s", r.Image, engineSays(err))
	case d.refused(ctx, err):
		return d.failure(Refused, r.Name, "a container of the image %s does not start: %s", r.Image, engineSays(err))
	}
	return err
}

// refused tells the engine's refusals from its own trouble.
func (d *docker) refused(ctx context.Context, err error) bool {
	if err == nil || container.Unreachable(err) || strings.Contains(err.Error(), "no space left on device") {
		return false
	}
	refusal := errdefs.IsInvalidArgument(err) || container.Conflict(err) || errdefs.IsUnknown(err) || errdefs.IsInternal(err)
	return refusal && d.env.Docker.Ping(ctx) == nil
}

func trial(r *lab.DockerRun) (container.Spec, error) {
	memory, err := container.Memory(r.Memory)
	if err != nil {
		return container.Spec{}, fmt.Errorf("the lab's memory: %w", err)
	}
	return container.Spec{
		Name: r.Name, Image: r.Image, Entrypoint: r.Entrypoint, Command: r.Command, Env: container.Variables(r.Env), User: r.User,
		Network: r.Network, Volumes: r.Volumes, Memory: memory, ReadOnly: r.ReadOnly,
	}, nil
}
