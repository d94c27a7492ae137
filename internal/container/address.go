package container

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// maxShared bounds how many containers are followed that are in each other's network.
const maxShared = 5

// Place is a network: how it is called, and its ID, which no other gets.
type Place struct{ Name, ID string }

// Address returns the first network, by name, in which a container has an
// address, and the address; both are empty if there is none. One that is in another
// container's network (--network container:NAME) has that one's.
func (c *Client) Address(ctx context.Context, id string) (network Place, address string, err error) {
	for range maxShared {
		about, err := c.API.ContainerInspect(ctx, id)
		if err != nil {
			return Place{}, "", err
		}
		if about.HostConfig.NetworkMode.IsContainer() {
			id = about.HostConfig.NetworkMode.ConnectedContainer()
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(about.NetworkSettings.Networks)) {
			n := about.NetworkSettings.Networks[name]
			if address := cmp.Or(n.IPAddress, n.GlobalIPv6Address); address != "" {
				return Place{name, n.NetworkID}, address, nil
			}
		}
		break
	}
	return Place{}, "", nil
}
