package kind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// Probe asks the user's Docker Engine, and looks for a node image and for room.
func (e *Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	r, err := e.Look(ctx)
	if err != nil {
		return engine.Capabilities{}, err
	}
	if lack := r.Lack(); lack.Reason != "" {
		return engine.Capabilities{Reason: lack.Reason, Remedy: lack.Remedy}, nil
	}
	return abilities(r.source.ref == ownImage), nil
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

// unreachable tells an engine that is not there from one that may not be used.
func unreachable(host string, err error) Lack {
	switch {
	case errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return Lack{"you may not use the Docker Engine at " + host, "Add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run labctl with sudo"}
	case errors.Is(err, context.DeadlineExceeded):
		return Lack{fmt.Sprintf("the Docker Engine at %s does not answer within %v", host, pingTime), "Look at it with `docker info`; restarting it may help: `sudo systemctl restart docker`"}
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, new(*net.OpError)) || container.Unreachable(err):
		return Lack{"no Docker Engine answers at " + host, "Start it (`sudo systemctl start docker`, or Docker Desktop), or install it: https://docs.docker.com/engine/install/"}
	}
	return Lack{fmt.Sprintf("the Docker Engine at %s does not work: %v", host, err), "Look at it with `docker info`"}
}
