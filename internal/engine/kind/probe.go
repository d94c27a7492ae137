package kind

import (
	"context"

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

// findAnother is what to do about an address of Docker that is none.
func (e *Engine) findAnother() string {
	switch {
	case e.cfg.Getenv("DOCKER_HOST") != "":
		return "Set DOCKER_HOST to the address of an engine, such as unix:///var/run/docker.sock, or `unset DOCKER_HOST`"
	case e.cfg.Getenv("DOCKER_CONTEXT") != "":
		return "`docker context ls` shows those that there are; `unset DOCKER_CONTEXT` goes back to the usual one"
	}
	return "Look into Docker's configuration in " + container.ConfigDir(e.cfg.Getenv) + ", or choose the usual engine: `docker context use default`"
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
