package container

import (
	"context"
	"strings"

	"github.com/docker/docker/api/types/events"
)

// Follow calls changed at each change in the engine, until ctx ends or the
// connection does. Health checks and exec are not among the changes: checks
// themselves cause some.
func (c *Client) Follow(ctx context.Context, changed func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, ended := c.API.Events(ctx, events.ListOptions{})
	for {
		select {
		case m := <-messages:
			if !strings.HasPrefix(string(m.Action), "exec_") {
				changed()
			}
		case err := <-ended:
			return err
		}
	}
}
