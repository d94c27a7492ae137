package container

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// Follow calls changed at each change in the engine, until ctx ends or the
// connection does. What is run in containers, health checks included, is no change,
// nor are helper containers: who looks again at each change would see their own look.
func (c *Client) Follow(ctx context.Context, changed func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, ended := c.API.Events(ctx, events.ListOptions{})
	for {
		select {
		case m := <-messages:
			if !strings.HasPrefix(string(m.Action), "exec_") && !c.ofHelper(m) {
				changed()
			}
		case err := <-ended:
			return err
		}
	}
}

// Vigil watches over the engine until ctx ends. What it returns says whether the
// engine has ended since, also if another answers by now: then containers may have
// stopped that nobody has stopped.
func (c *Client) Vigil(ctx context.Context) (lost func() bool) {
	_, ended := c.API.Events(ctx, events.ListOptions{Filters: filters.NewArgs(filters.Arg("type", string(events.DaemonEventType)))})
	var gone atomic.Bool
	go func() {
		<-ended
		gone.Store(ctx.Err() == nil)
	}()
	return gone.Load
}

// ofHelper tells what happens to helper containers, other processes' included.
func (c *Client) ofHelper(m events.Message) bool {
	return c.isOurs(m.Actor.Attributes["container"]) || m.Actor.Attributes[HelperLabel] != ""
}
