package container

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// What checks look at is without helper containers: those of this process, which
// are known by their IDs, and residents of another, known by what they are and run. A
// learner who makes one of the latter kind hides nothing but a helper.

// isOurs tells a helper container that this process has made.
func (c *Client) isOurs(id string) bool {
	_, is := c.ours.Load(id)
	return is
}

// isHelper tells a helper container by what a list says of it.
func (c *Client) isHelper(ctx context.Context, one *dockercontainer.Summary) (bool, error) {
	if c.isOurs(one.ID) {
		return true, nil
	}
	if one.Labels[HelperLabel] == "" {
		return false, nil
	}
	return c.runsHelper(ctx, one.ID)
}

// runsHelper tells whether a container is of the helper image, by what is in it, and
// runs the resident program.
func (c *Client) runsHelper(ctx context.Context, id string) (bool, error) {
	if c.Helper == nil {
		return false, nil
	}
	image, err := c.helperImage(ctx)
	if err != nil {
		return false, err
	}
	about, err := c.API.ContainerInspect(ctx, id)
	if Gone(err) {
		return true, nil // by now it is nobody's
	}
	if err != nil {
		return false, err
	}
	run := about.Config
	return run != nil && run.Labels[HelperLabel] != "" && slices.Contains(image.IDs, run.Image) && slices.Equal(slices.Concat(run.Entrypoint, run.Cmd), image.Resident), nil
}

// withoutHelpers leaves helper containers out of what a network says of its own.
func (c *Client) withoutHelpers(ctx context.Context, members map[string]json.RawMessage) error {
	for id, raw := range members {
		var member struct{ Name string }
		if err := json.Unmarshal(raw, &member); err != nil {
			return err
		}
		is := c.isOurs(id)
		if !is && strings.HasPrefix(member.Name, helperName) {
			var err error
			if is, err = c.runsHelper(ctx, id); err != nil {
				return err
			}
		}
		if is {
			delete(members, id)
		}
	}
	return nil
}
