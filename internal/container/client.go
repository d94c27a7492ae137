// Package container is the way to an environment's Docker Engine: what checks
// look at there, and what they do to containers.
package container

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"
)

// Client talks to one Docker Engine. It is safe for concurrent use.
type Client struct {
	API *client.Client
	// Helper finds the image of helper containers, when the first is needed.
	Helper func(context.Context) (Helper, error)

	helper helperState
	ours   sync.Map // the IDs of helper containers that this process has made
}

// New makes a client for an engine's address, as in DOCKER_HOST: unix:///path.
// It does not connect yet. The caller closes it.
func New(host string) (*Client, error) {
	api, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("the Docker Engine at %s: %w", host, err)
	}
	return &Client{API: api}, nil
}

// Close closes idle connections.
func (c *Client) Close() error { return c.API.Close() }

// lookTime bounds one request: an engine that hangs is an error.
const lookTime = 10 * time.Second

// Ping tells whether the engine answers.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	_, err := c.API.Ping(ctx)
	return err
}

// Gone tells the error that says that something is not there.
func Gone(err error) bool { return errdefs.IsNotFound(err) }

// Unreachable tells the error of an engine that cannot be connected to, or behind
// a proxy that cannot connect to it.
func Unreachable(err error) bool {
	return client.IsErrConnectionFailed(err) || errdefs.IsUnavailable(err)
}

// Conflict tells the error that says that something is in the way of it.
func Conflict(err error) bool { return errdefs.IsConflict(err) }
