//go:build linux

package embedded

import (
	"context"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/machine"
)

// minMemory is the free memory, in bytes, that one node needs with a small lab.
const minMemory = 700 << 20

// Probe tries what a node needs, in namespaces that end with the trial.
func (e *Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	missing, err := machine.Probe(ctx, machine.Needs{
		What: "the embedded engine", Bin: e.cfg.Bin, Home: e.cfg.Home, Memory: minMemory, Make: "build",
		Binaries: []string{"labkube", "containerd", "containerd-shim-runc-v2", "runc", "bridge", "host-local", "loopback"},
	})
	if err != nil {
		return engine.Capabilities{}, err
	}
	return engine.Capabilities{
		Available: missing.What == "", Reason: missing.What, Remedy: missing.Remedy,
		Has: []engine.Capability{
			engine.CapCluster, engine.CapMultiNode, engine.CapNodeLoss, engine.CapVolumes, engine.CapLoadImages, engine.CapFastReset,
		},
		Notes: []string{
			"seccomp profiles are accepted, but not enforced",
			"NetworkPolicies are accepted, but not enforced",
			"Services of type LoadBalancer get no address",
		},
	}, nil
}
