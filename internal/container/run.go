package container

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/mount"
	"github.com/docker/go-connections/nat"
	"github.com/docker/go-units"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// Spec is a container to run.
type Spec struct {
	Name, Image         string
	Entrypoint, Command []string
	Env                 []string // NAME=value
	User, Network       string
	Publish             []string // host:container
	Volumes             []string // volume:/path
	Memory              int64    // in bytes; 0 for no limit
	ReadOnly            bool
	Restart             string // the restart policy; empty for none
	Labels              map[string]string
}

// Variables are an environment as a Spec has it.
func Variables(env map[string]string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		all = append(all, name+"="+env[name])
	}
	return all
}

// Memory reads an amount of memory as docker run -m takes it: 64m. Nothing is no limit.
func Memory(text string) (bytes int64, err error) {
	if text == "" {
		return 0, nil
	}
	return units.RAMInBytes(text)
}

// Run makes and starts a container, in place of one of this name that an earlier
// run left. The caller removes it with Discard.
func (c *Client) Run(ctx context.Context, s Spec) error {
	_, err := c.run(ctx, s)
	return err
}

func (c *Client) run(ctx context.Context, s Spec) (id string, err error) {
	if err := c.Discard(ctx, s.Name); err != nil {
		return "", err
	}
	return c.start(ctx, s)
}

func (c *Client) start(ctx context.Context, s Spec) (id string, err error) {
	exposed, published, err := nat.ParsePortSpecs(s.Publish)
	if err != nil {
		return "", fmt.Errorf("the ports of container %s: %w", s.Name, err)
	}
	host := &dockercontainer.HostConfig{
		NetworkMode: dockercontainer.NetworkMode(s.Network), ReadonlyRootfs: s.ReadOnly, Resources: dockercontainer.Resources{Memory: s.Memory},
		PortBindings: published, RestartPolicy: dockercontainer.RestartPolicy{Name: dockercontainer.RestartPolicyMode(s.Restart)},
	}
	for _, v := range s.Volumes {
		volume, path, _ := strings.Cut(v, ":")
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Source: volume, Target: path})
	}
	config := &dockercontainer.Config{Image: s.Image, Entrypoint: s.Entrypoint, Cmd: s.Command, Env: s.Env, User: s.User, ExposedPorts: exposed, Labels: s.Labels}
	created, err := c.API.ContainerCreate(ctx, config, host, nil, nil, s.Name)
	if err != nil {
		return "", err
	}
	return created.ID, c.API.ContainerStart(ctx, created.ID, dockercontainer.StartOptions{})
}
