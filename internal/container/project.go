package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types/filters"
)

// DiscardProject removes a Compose project of ours: its containers, networks and
// volumes. It is no error if there is none.
func (c *Client) DiscardProject(ctx context.Context, name string) error {
	match := filters.NewArgs(filters.Arg("label", composeProject+"="+name))
	var errs []error
	for _, kind := range []Kind{Container, Network, Volume} {
		names, err := c.names(ctx, kind, match)
		errs = append(errs, err)
		for _, one := range names {
			switch kind {
			case Network:
				err = c.API.NetworkRemove(ctx, one)
			case Volume:
				err = c.API.VolumeRemove(ctx, one, true)
			default:
				err = c.Discard(ctx, one)
			}
			if err != nil && !Gone(err) {
				errs = append(errs, fmt.Errorf("remove the %s %s: %w", kind, one, err))
			}
		}
	}
	return errors.Join(errs...)
}
