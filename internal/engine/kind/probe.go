package kind

import (
	"context"

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
