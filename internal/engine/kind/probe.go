package kind

import (
	"context"
	"errors"
	"time"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// pingTime bounds asking Docker: a daemon that hangs is as good as none.
const pingTime = 600 * time.Millisecond

// Probe asks the user's Docker Engine, and looks for a node image.
func (e *Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	docker, _, trouble, err := container.Users(ctx, e.cfg.Getenv)
	if err != nil || trouble.What != "" {
		return lacks(trouble.What, trouble.Remedy), err
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
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
		c.Notes = append(c.Notes, "NetworkPolicies are accepted, but not enforced")
	} else {
		c.Has = append(c.Has, engine.CapNetworkPolicy)
	}
	return c
}

func lacks(reason, remedy string) engine.Capabilities {
	return engine.Capabilities{Reason: reason, Remedy: remedy}
}
