package container

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// StandIn is the label of a container that stands in for another: its ID.
const StandIn = "dev.labctl.stands-in-for"

const asidePrefix = "labctl-aside-"

// Aside is what a container is called while another stands in for it.
func Aside(id string) string { return asidePrefix + id[:12] }

func isAside(name string) bool { return strings.HasPrefix(name, "/"+asidePrefix) }

// StandIns are the IDs of the containers that stand in for another, by its ID.
func (c *Client) StandIns(ctx context.Context, id string) ([]string, error) {
	return c.names(ctx, Container, filters.NewArgs(filters.Arg("label", StandIn+"="+id)))
}

// Replace stops a container, calls it Aside and starts one of the same image with
// the same settings under its name. What the old one has in anonymous volumes and
// in its own layer the new one does not get.
func (c *Client) Replace(ctx context.Context, id string, stop dockercontainer.StopOptions) error {
	old, err := c.API.ContainerInspect(ctx, id)
	if err != nil {
		return err
	}
	config, host := *old.Config, *old.HostConfig
	if config.Image, err = c.sameImage(ctx, &old); err != nil {
		return err
	}
	if err := c.API.ContainerStop(ctx, id, stop); err != nil {
		return err
	}
	if err := c.API.ContainerRename(ctx, id, Aside(id)); err != nil {
		return err
	}
	name := strings.TrimPrefix(old.Name, "/")
	asAsked(&config, &host, id)
	first, others := endpoints(&old)
	created, err := c.API.ContainerCreate(ctx, &config, &host, &network.NetworkingConfig{EndpointsConfig: first}, nil, name)
	if err != nil {
		return fmt.Errorf("make another %s: %w", name, err)
	}
	for _, at := range slices.Sorted(maps.Keys(others)) { // at once is new in version 1.44 of the API
		if err := c.API.NetworkConnect(ctx, at, created.ID, others[at]); err != nil {
			return fmt.Errorf("connect another %s to the network %s: %w", name, at, err)
		}
	}
	return c.API.ContainerStart(ctx, created.ID, dockercontainer.StartOptions{})
}

// sameImage is what a container's image is called. If that means another one by
// now, or nothing, it is the image's ID.
func (c *Client) sameImage(ctx context.Context, old *dockercontainer.InspectResponse) (string, error) {
	now, err := c.API.ImageInspect(ctx, old.Config.Image)
	if err != nil && !Gone(err) {
		return "", err
	}
	if err == nil && now.ID == old.Image {
		return old.Config.Image, nil
	}
	return old.Image, nil
}

// asAsked makes of a container's settings, into which the engine has filled what
// nobody asked for, those of one that stands in for it.
func asAsked(config *dockercontainer.Config, host *dockercontainer.HostConfig, id string) {
	host.CgroupnsMode, host.MaskedPaths, host.ReadonlyPaths = "", nil, nil
	config.Labels = maps.Clone(config.Labels)
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels[StandIn] = id
	if config.Hostname != "" && strings.HasPrefix(id, config.Hostname) { // not chosen, but made of the ID
		config.Hostname = ""
	}
	if host.NetworkMode.IsContainer() { // whose these are
		config.Hostname, config.Domainname, config.ExposedPorts = "", "", nil
	}
}

// endpoints are a container's places in networks: the one it is made in, and the
// others.
func endpoints(old *dockercontainer.InspectResponse) (first, others map[string]*network.EndpointSettings) {
	first, others = map[string]*network.EndpointSettings{}, map[string]*network.EndpointSettings{}
	mode := old.HostConfig.NetworkMode
	for name, e := range old.NetworkSettings.Networks {
		_, byName := old.NetworkSettings.Networks[string(mode)]
		made := string(mode) == name || mode.IsDefault() && name == network.NetworkBridge ||
			mode.IsUserDefined() && !byName && strings.HasPrefix(e.NetworkID, string(mode))
		switch {
		case made && mode.IsUserDefined():
			first[string(mode)] = Endpoint(e, old.ID)
		case made:
			first[name] = Endpoint(e, old.ID)
		default:
			others[name] = Endpoint(e, old.ID)
		}
	}
	return first, others
}

// Endpoint is what somebody asked of a container's place in a network, without
// what the engine made of it.
func Endpoint(e *network.EndpointSettings, id string) *network.EndpointSettings {
	return &network.EndpointSettings{
		IPAMConfig: e.IPAMConfig, Links: e.Links, DriverOpts: e.DriverOpts, GwPriority: e.GwPriority, Aliases: withoutID(e.Aliases, id),
	}
}

// withoutID leaves out the alias that the engine makes of a container's ID.
func withoutID(aliases []string, id string) (kept []string) {
	for _, a := range aliases {
		if len(a) < 12 || !strings.HasPrefix(id, a) {
			kept = append(kept, a)
		}
	}
	return kept
}
