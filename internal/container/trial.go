package container

import (
	"context"
	"errors"
	"fmt"
)

// TrialLabel is on the containers that checks run for a trial: whatever else has
// such a name is the learner's.
const TrialLabel = "dev.labctl.trial"

// ErrTaken says that a name is the learner's.
var ErrTaken = errors.New("there is a container of this name already")

// Try makes and starts a container of ours, in place of one that an earlier run
// left. The caller removes it with DiscardTrial.
func (c *Client) Try(ctx context.Context, s Spec) error {
	if err := c.discardTrial(ctx, s.Name); err != nil {
		return err
	}
	s.Labels = map[string]string{TrialLabel: "true"}
	_, err := c.start(ctx, s)
	return err
}

// DiscardTrial removes what Try made, and volumes that were made for it. It is no
// error if there is none, or one of the learner's.
func (c *Client) DiscardTrial(ctx context.Context, name string, volumes []string) error {
	if err := c.discardTrial(ctx, name); err != nil && !errors.Is(err, ErrTaken) {
		return err
	}
	var errs []error
	for _, v := range volumes {
		if err := c.API.VolumeRemove(ctx, v, false); err != nil && !Gone(err) && !Conflict(err) { // the latter: the learner uses it
			errs = append(errs, fmt.Errorf("remove the volume %s: %w", v, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Client) discardTrial(ctx context.Context, name string) error {
	id, err := c.containerID(ctx, name)
	if err != nil || id == "" {
		return err
	}
	about, err := c.API.ContainerInspect(ctx, id)
	switch {
	case Gone(err):
		return nil
	case err != nil:
		return err
	case about.Config.Labels[TrialLabel] == "":
		return fmt.Errorf("%w: %s", ErrTaken, name)
	}
	return c.Discard(ctx, id)
}
