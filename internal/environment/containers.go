package environment

import (
	"context"
	"errors"
	"fmt"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/lab"
)

// containerSteps make what the lab begins with in Docker, if there is anything.
func (l *Lifecycle) containerSteps() []step {
	if l.Material.Lab.Docker == nil {
		return nil
	}
	return []step{{"containers", CodeSetup, (*Lifecycle).makeContainers}}
}

// makeContainers makes what the lab begins with in Docker. It goes the learner's
// way, so that all is as if they had made it: labelled, its ports published when
// this returns.
func (l *Lifecycle) makeContainers(ctx context.Context, o Observer) (err error) {
	setup := l.Material.Lab.Docker
	docker, err := l.Env.docker(l.Components, l.Bin)
	if err != nil {
		return err
	}
	if docker == nil {
		return problem(CodeInvalidLab, "Run `labctl lab lint` on the lab.", nil, "the lab %s begins with containers, and does not ask for Docker", l.Env.Lab)
	}
	defer func() { err = errors.Join(err, docker.Close()) }()
	for _, name := range setup.Networks {
		if err := docker.EnsureNetwork(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range setup.Volumes {
		if err := docker.EnsureVolume(ctx, name); err != nil {
			return err
		}
	}
	for _, c := range setup.Containers {
		o.Progress("starting container " + c.Name)
		if err := makeContainer(ctx, docker, c); err != nil {
			return fmt.Errorf("start container %s: %w", c.Name, err)
		}
	}
	return nil
}

func makeContainer(ctx context.Context, docker *container.Client, c lab.DockerContainer) error {
	memory, err := container.Memory(c.Memory)
	if err != nil {
		return fmt.Errorf("its memory: %w", err)
	}
	spec := container.Spec{
		Name: c.Name, Image: c.Image, Entrypoint: c.Entrypoint, Command: c.Command, Env: container.Variables(c.Env), User: c.User,
		Network: c.Network, Publish: c.Publish, Volumes: c.Volumes, Memory: memory, ReadOnly: c.ReadOnly, Restart: c.Restart,
	}
	if c.Ends {
		return docker.RunToEnd(ctx, spec)
	}
	return docker.Run(ctx, spec)
}
