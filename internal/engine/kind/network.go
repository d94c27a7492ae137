package kind

import (
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/network"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

const (
	networkName = "labctl-kind"
	// networkLabel is on the network of labctl's clusters.
	networkLabel = "dev.labctl.kind.network"
	// mtuOption and masquerade are the bridge driver's.
	mtuOption  = "com.docker.network.driver.mtu"
	masquerade = "com.docker.network.bridge.enable_ip_masquerade"
)

// ensureNetwork makes the network that labctl's clusters share. kind would make
// it, too, but without a label, and would take anybody's.
func ensureNetwork(ctx context.Context, docker *container.Client) error {
	ours, err := findNetwork(ctx, docker)
	if err != nil || ours != "" {
		return err
	}
	options := map[string]string{masquerade: "true"}
	if usual, err := docker.API.NetworkInspect(ctx, network.NetworkBridge, network.InspectOptions{}); err == nil && usual.Options[mtuOption] != "" {
		options[mtuOption] = usual.Options[mtuOption] // what fits through this machine's way out
	}
	_, err = docker.API.NetworkCreate(ctx, networkName, network.CreateOptions{Driver: network.NetworkBridge, Options: options, Labels: map[string]string{networkLabel: "true"}})
	if container.Conflict(err) { // another start was quicker
		_, err = findNetwork(ctx, docker)
	}
	if err != nil {
		return fmt.Errorf("make the network %s: %w", networkName, err)
	}
	return nil
}

// findNetwork returns the ID of the clusters' network; empty if there is none.
func findNetwork(ctx context.Context, docker *container.Client) (string, error) {
	found, err := docker.API.NetworkInspect(ctx, networkName, network.InspectOptions{})
	switch {
	case container.Gone(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("look at the network %s: %w", networkName, err)
	case found.Labels[networkLabel] == "":
		return "", &engine.Trouble{
			Reason: "the network " + networkName + " in Docker is somebody else's",
			Remedy: "Remove it with `docker network rm " + networkName + "` if nobody needs it, then try again",
		}
	}
	return found.ID, nil
}

// dropNetwork removes the network, unless another cluster than the one that goes
// has it or is about to.
func dropNetwork(ctx context.Context, docker *container.Client, going string) error {
	wanted, err := claimedByOthers(ctx, docker, going)
	if err != nil || wanted {
		return err
	}
	id, err := findNetwork(ctx, docker)
	if err != nil || id == "" {
		return nil //nolint:nilerr // somebody else's stays
	}
	err = docker.API.NetworkRemove(ctx, id)
	if err != nil && !container.Gone(err) && !container.Conflict(err) && !strings.Contains(err.Error(), "active endpoints") {
		return fmt.Errorf("remove the network %s: %w", networkName, err)
	}
	wanted, err = claimedByOthers(ctx, docker, going)
	if err != nil || !wanted {
		return err
	}
	return ensureNetwork(ctx, docker) // who came in between may have seen it still there
}

// claimedByOthers tells whether there is another cluster than the one that goes.
func claimedByOthers(ctx context.Context, docker *container.Client, going string) (bool, error) {
	all, err := claims(ctx, docker)
	if err != nil {
		return false, err
	}
	delete(all, going)
	return len(all) > 0, nil
}
