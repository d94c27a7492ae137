package kind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/versions"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

const (
	// pingTime bounds asking Docker: a daemon that hangs is as good as none.
	pingTime = 600 * time.Millisecond
	// minAPI is Docker 20.10's, the first with private cgroup namespaces for nodes
	// on machines with cgroup v1.
	minAPI = "1.41"
)

// Probe asks the user's Docker Engine, and looks for a node image.
func (e *Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	docker, host, err := e.docker()
	if err != nil {
		return lacks(err.Error(), "Choose another Docker context: `docker context use default`"), nil
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
	if !container.Local(host) {
		return lacks("the Docker Engine at "+host+" is on another machine, and the ports of nodes there cannot be reached",
			"Unset DOCKER_HOST, or choose a context of this machine: `docker context use default`"), nil
	}
	look, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	ping, err := docker.API.Ping(look)
	switch {
	case ctx.Err() != nil:
		return engine.Capabilities{}, ctx.Err()
	case err != nil:
		return unreachable(host, err), nil
	case versions.LessThan(ping.APIVersion, minAPI):
		return lacks(fmt.Sprintf("the Docker Engine at %s is too old: its API is %s, and %s (Docker 20.10) is the first that can run nodes", host, ping.APIVersion, minAPI),
			"Update Docker: https://docs.docker.com/engine/install/"), nil
	}
	image, err := e.findImage(ctx, docker)
	if errors.Is(err, errNoImage) {
		return lacks(err.Error(), "Run `make node-image` (root, without Docker), or connect this machine to the internet and try again"), nil
	}
	if err != nil {
		return engine.Capabilities{}, err
	}
	return abilities(image.ref == ownImage), nil
}

// abilities are those of a cluster on labctl's node image, or on kind's.
func abilities(own bool) engine.Capabilities {
	c := engine.Capabilities{
		Available: true,
		Has:       []engine.Capability{engine.CapCluster, engine.CapMultiNode, engine.CapNodeLoss, engine.CapVolumes, engine.CapLoadImages, engine.CapSeccomp},
		Notes:     []string{"Services of type LoadBalancer get no address"},
	}
	if own {
		c.Has = append(c.Has, engine.CapFastReset)
		c.Notes = append(c.Notes, "NetworkPolicies are accepted, but not enforced")
	} else {
		c.Has = append(c.Has, engine.CapNetworkPolicy)
	}
	return c
}

func lacks(reason, remedy string) engine.Capabilities {
	return engine.Capabilities{Reason: reason, Remedy: remedy}
}

// unreachable tells an engine that is not there from one that may not be used.
func unreachable(host string, err error) engine.Capabilities {
	switch {
	case errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return lacks("you may not use the Docker Engine at "+host, "Add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run labctl with sudo")
	case errors.Is(err, context.DeadlineExceeded):
		return lacks(fmt.Sprintf("the Docker Engine at %s does not answer within %v", host, pingTime), "Look at it with `docker info`; restarting it may help: `sudo systemctl restart docker`")
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, new(*net.OpError)) || container.Unreachable(err):
		return lacks("no Docker Engine answers at "+host, "Start it (`sudo systemctl start docker`, or Docker Desktop), or install it: https://docs.docker.com/engine/install/")
	}
	return lacks(fmt.Sprintf("the Docker Engine at %s does not work: %v", host, err), "Look at it with `docker info`")
}
