package container

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/docker/docker/api/types/network"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// StandIn is the label of a container that stands in for another: its ID.
const StandIn = "dev.labctl.stands-in-for"

// Replace stops a container, calls it aside and starts one of the same image with
// the same settings under its name. What the old one has in anonymous volumes and
// in its own layer the new one does not get.
func (c *Client) Replace(ctx context.Context, id, aside string) error {
	old, err := c.API.ContainerInspect(ctx, id)
	if err != nil {
		return err
	}
	if err := c.API.ContainerStop(ctx, id, dockercontainer.StopOptions{}); err != nil {
		return err
	}
	if err := c.API.ContainerRename(ctx, id, aside); err != nil {
		return err
	}
	config, host := *old.Config, *old.HostConfig
	host.CgroupnsMode, host.MaskedPaths, host.ReadonlyPaths = "", nil, nil // the engine has filled them in
	config.Labels = maps.Clone(config.Labels)
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels[StandIn] = id
	if strings.HasPrefix(id, config.Hostname) { // not chosen, but made of the ID
		config.Hostname = ""
	}
	endpoints := map[string]*network.EndpointSettings{}
	for name, e := range old.NetworkSettings.Networks {
		endpoints[name] = Endpoint(e, id)
	}
	created, err := c.API.ContainerCreate(ctx, &config, &host, &network.NetworkingConfig{EndpointsConfig: endpoints}, nil, strings.TrimPrefix(old.Name, "/"))
	if err != nil {
		return fmt.Errorf("make another %s: %w", strings.TrimPrefix(old.Name, "/"), err)
	}
	return c.API.ContainerStart(ctx, created.ID, dockercontainer.StartOptions{})
}

// Endpoint is what somebody asked of a container's place in a network, without
// what the engine made of it.
func Endpoint(e *network.EndpointSettings, id string) *network.EndpointSettings {
	return &network.EndpointSettings{
		IPAMConfig: e.IPAMConfig, Links: e.Links, DriverOpts: e.DriverOpts, Aliases: withoutID(e.Aliases, id),
	}
}

// withoutID leaves out the alias that the engine makes of a container's ID.
func withoutID(aliases []string, id string) (kept []string) {
	for _, a := range aliases {
		if !strings.HasPrefix(id, a) {
			kept = append(kept, a)
		}
	}
	return kept
}
