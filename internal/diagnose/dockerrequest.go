package diagnose

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-connections/nat"

	dockernetwork "github.com/docker/docker/api/types/network"

	engine "labctl.dev/labctl/internal/container"
)

// DockerRequest is a request that went wrong: to a Container by its address and
// Port, or to a URL, from a network of Docker's or, without one, from the host.
type DockerRequest struct {
	Container, Port string
	URL, From       string
	Path            string
	// Status is 0 without an answer; ErrorKind is then why.
	Status    int
	ErrorKind string
}

// request explains a failed request, by what stands on its way.
func (x world) request(ctx context.Context, r DockerRequest) []Cause {
	if r.Container != "" {
		c, there := x.find(ctx, r.Container)
		if !there {
			return x.absentContainer(r.Container)
		}
		return x.arrives(ctx, r, c, r.Port, "")
	}
	host, port := target(r.URL)
	if r.From == "" {
		return x.published(ctx, r, port)
	}
	return x.byName(ctx, r, host, port)
}

// target is where a URL leads to.
func target(text string) (host, port string) {
	u, err := url.Parse(text)
	if err != nil {
		return "", ""
	}
	if u.Port() == "" {
		return u.Hostname(), "80"
	}
	return u.Hostname(), u.Port()
}

// published follows a request from the host's port into a container.
func (x world) published(ctx context.Context, r DockerRequest, port string) []Cause {
	var others []string
	for _, c := range x.containers {
		if c.HostConfig == nil {
			continue
		}
		for _, inside := range slices.Sorted(maps.Keys(c.HostConfig.PortBindings)) {
			for _, p := range c.hostPorts(inside) {
				if p == port {
					way := fmt.Sprintf("Port %s of this machine leads to port %s of container %s. ", port, inside.Port(), c.name())
					return x.arrives(ctx, r, c, inside.Port(), way)
				}
				others = append(others, fmt.Sprintf("%s (of %s)", p, c.name()))
			}
		}
	}
	chain := []Cause{seen(NotPublished, "No container publishes port %s on this machine.", port)}
	if len(others) > 0 {
		chain = append(chain, look(NotPublished, "These are published: %s. See: docker ps", and(sorted(others))))
	} else {
		chain = append(chain, look(NotPublished, "No port is published at all; see PORTS of docker ps. An EXPOSE in a Dockerfile only says what could be."))
	}
	return append(chain, fix(NotPublished, "Make the container anew with -p %s:PORT, PORT being the one that it listens on.", port))
}

// hostPorts are those that a container publishes one of its ports on: as asked for,
// or, where Docker was to choose, as chosen.
func (c docked) hostPorts(inside nat.Port) (found []string) {
	if inside.Proto() != "tcp" {
		return nil
	}
	bindings := c.HostConfig.PortBindings[inside]
	if c.NetworkSettings != nil && len(c.NetworkSettings.Ports[inside]) > 0 {
		bindings = c.NetworkSettings.Ports[inside]
	}
	for _, b := range bindings {
		if b.HostPort != "" && !slices.Contains(found, b.HostPort) {
			found = append(found, b.HostPort)
		}
	}
	return found
}

// byName follows a request from a network to the container that has the name there.
func (x world) byName(ctx context.Context, r DockerRequest, host, port string) []Cause {
	if raw, err := x.client.Inspect(ctx, engine.Network, r.From); err == nil && raw == nil {
		return x.absentOther(ctx, engine.Network, r.From)
	}
	var elsewhere []docked
	for _, c := range x.containers {
		if n := c.in(r.From); n != nil && (c.name() == host || slices.Contains(n.Aliases, host) || slices.Contains(n.DNSNames, host)) {
			return x.arrives(ctx, r, c, port, "")
		} else if n == nil && (c.name() == host || c.service() == host) {
			elsewhere = append(elsewhere, c)
		}
	}
	if r.From == dockernetwork.NetworkBridge {
		return []Cause{
			seen(NoNames, "Docker's default network, bridge, knows no names: who is in it finds others by address only."),
			fix(NoNames, "Put the containers in a network of their own: docker network create NAME"),
		}
	}
	if len(elsewhere) == 0 {
		return append([]Cause{seen(UnknownHost, "In the network %s, nothing is called %s.", r.From, host)}, x.absentContainer(host)...)
	}
	c := elsewhere[0]
	if broken := x.container(ctx, c); broken != nil {
		return broken
	}
	return []Cause{
		seen(NotInNetwork, "Container %s is not in the network %s, and only who is in one finds the others by name.", c.name(), r.From),
		look(NotInNetwork, "It is in %s. See: docker network inspect %s", c.places(), r.From),
		fix(NotInNetwork, "docker network connect %s %s", r.From, c.name()),
	}
}

// in is the container's place in a network; nil if it is in others only.
func (c docked) in(network string) *dockernetwork.EndpointSettings {
	if c.NetworkSettings == nil {
		return nil
	}
	return c.NetworkSettings.Networks[network]
}

func (c docked) places() string {
	if c.NetworkSettings == nil || len(c.NetworkSettings.Networks) == 0 {
		return "no network at all"
	}
	return and(slices.Sorted(maps.Keys(c.NetworkSettings.Networks)))
}

// arrives explains a request that is on its way to a port of a container; way says
// how it got so far.
func (x world) arrives(ctx context.Context, r DockerRequest, c docked, port, way string) []Cause {
	if broken := x.container(ctx, c); len(broken) > 0 && (r.Status == 0 || !c.State.Running) {
		return broken
	}
	switch {
	case r.Status == 404:
		return []Cause{
			seen(WrongPath, "%sIt answers, but knows no path %s.", way, r.Path),
			look(WrongPath, "See what it says about the request: %s", c.command("logs")),
		}
	case r.Status >= 400:
		return []Cause{
			seen(AppError, "%sContainer %s is reached, and the program in it answers with status %d.", way, c.name(), r.Status),
			look(AppError, "See what it says about that: %s", c.command("logs")),
		}
	case r.Status != 0:
		return nil
	}
	open, known := x.listening(ctx, c)
	if !known {
		return nil
	}
	return c.deaf(open, port, way, r.ErrorKind)
}

// deaf explains why nobody answers at a port of a container that runs, by what is
// open in it.
func (c docked) deaf(open []netip.AddrPort, port, way, kind string) []Cause {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil
	}
	var here []netip.AddrPort
	for _, a := range open {
		if a.Port() == uint16(number) {
			here = append(here, a)
		}
	}
	reached := slices.ContainsFunc(here, func(a netip.AddrPort) bool { return !a.Addr().IsLoopback() })
	switch {
	case len(here) > 0 && !reached:
		return []Cause{
			seen(LoopbackOnly, "%sIn container %s, something listens on port %s, and nobody outside the container reaches it.", way, c.name(), port),
			look(LoopbackOnly, "It listens on %s only, the container's own loopback. Its log may say so, too: %s", here[0], c.command("logs")),
			fix(LoopbackOnly, "Have the program listen on all addresses: 0.0.0.0 instead of %s.", here[0].Addr()),
		}
	case reached && strings.Contains(kind, "timeout"):
		return []Cause{
			seen(TimedOut, "%sContainer %s listens on port %s, and does not answer in time.", way, c.name(), port),
			look(TimedOut, "What is it doing? %s", c.command("logs", "top", "stats --no-stream")),
		}
	case reached:
		return nil
	}
	chain := []Cause{seen(NotListening, "%sNothing in container %s listens on port %s.", way, c.name(), port)}
	ports := map[uint16]bool{}
	for _, a := range open {
		if a.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 11}) { // Docker's own DNS
			ports[a.Port()] = true
		}
	}
	if len(ports) == 0 {
		return append(chain, look(NotListening, "It listens on no port at all. Is it still starting? %s", c.command("logs")))
	}
	var list []string
	for _, p := range slices.Sorted(maps.Keys(ports)) {
		list = append(list, strconv.Itoa(int(p)))
	}
	return append(chain,
		look(NotListening, "It listens on %s.", and(list)),
		fix(NotListening, "Ask it there (publish with -p HOST:%s), or have it listen on port %s.", list[0], port))
}
