package engine

import "slices"

// Capability is something a lab, or one check, may need and an engine may lack.
type Capability string

// The capabilities that labs can name under needs.capabilities.
const (
	CapCluster       Capability = "cluster"        // a Kubernetes cluster at all
	CapMultiNode     Capability = "multi-node"     // more than one node
	CapNodeLoss      Capability = "node-loss"      // nodes can be stopped and started
	CapVolumes       Capability = "volumes"        // dynamic volumes for claims
	CapLoadImages    Capability = "load-images"    // images without a registry
	CapFastReset     Capability = "fast-reset"     // reset without making it anew
	CapSeccomp       Capability = "seccomp"        // seccomp profiles are enforced
	CapNetworkPolicy Capability = "network-policy" // NetworkPolicy is enforced
	CapLoadBalancer  Capability = "load-balancer"  // Services of that type get an address
)

// Known lists every capability, for the lab format's checker.
func Known() []Capability {
	return []Capability{
		CapCluster, CapMultiNode, CapNodeLoss, CapVolumes, CapLoadImages, CapFastReset,
		CapSeccomp, CapNetworkPolicy, CapLoadBalancer,
	}
}

// Capabilities is an engine's answer to Probe.
type Capabilities struct {
	// Available is true when Up can work on this machine as this user.
	Available bool
	// Reason says why it cannot, Remedy what would help. Empty when available.
	Reason, Remedy string
	// Has lists the capabilities of a cluster of this engine.
	Has []Capability
	// Notes are limits that change what a learner sees ("seccomp profiles are
	// accepted but not enforced"), for `start` and `doctor`.
	Notes []string
}

// Lacking returns those of the wanted capabilities that are missing.
func (c Capabilities) Lacking(wanted []Capability) []Capability {
	var lacking []Capability
	for _, w := range wanted {
		if !slices.Contains(c.Has, w) {
			lacking = append(lacking, w)
		}
	}
	return lacking
}
