package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/versions"
)

const (
	// PingTime bounds asking the user's engine: one that hangs is as good as none.
	PingTime = 600 * time.Millisecond
	// minAPI is Docker 20.10's, the first with private cgroup namespaces on machines
	// with cgroup v1.
	minAPI = "1.41"
)

// Trouble says why an engine cannot be used, and what would help. There is none if
// What is empty.
type Trouble struct{ What, Remedy string }

// Users opens the user's own Docker Engine; see Host about getenv. What keeps it
// from being used is the trouble. The error is that of a ctx that has ended. Without
// either the caller closes the client.
func Users(ctx context.Context, getenv func(string) string) (c *Client, host string, t Trouble, err error) {
	if host, err = Host(getenv, ConfigDir(getenv)); err != nil {
		return nil, "", Trouble{err.Error(), another(getenv)}, nil
	}
	c, err = New(host)
	if err != nil {
		return nil, host, Trouble{err.Error(), another(getenv)}, nil
	}
	if !Local(host) {
		_ = c.Close() // it only closes idle connections
		return nil, host, Trouble{"the Docker Engine at " + host + " is on another machine, and what is published there cannot be reached here",
			"`unset DOCKER_HOST`, or choose a context of this machine: `docker context use default`"}, nil
	}
	c, t, err = c.usable(ctx, host)
	return c, host, t, err
}

// another is what to do about an address of Docker that is none.
func another(getenv func(string) string) string {
	switch {
	case getenv("DOCKER_HOST") != "":
		return "Set DOCKER_HOST to the address of an engine, such as unix:///var/run/docker.sock, or `unset DOCKER_HOST`"
	case getenv("DOCKER_CONTEXT") != "":
		return "`docker context ls` shows those that there are; `unset DOCKER_CONTEXT` goes back to the usual one"
	}
	return "Look into Docker's configuration in " + ConfigDir(getenv) + ", or choose the usual engine: `docker context use default`"
}

// Usable opens an engine at an address, if it answers and is not too old.
func Usable(ctx context.Context, host string) (*Client, Trouble, error) {
	c, err := New(host)
	if err != nil {
		return nil, Trouble{err.Error(), "Correct DOCKER_HOST: unix:///var/run/docker.sock, for example"}, nil
	}
	return c.usable(ctx, host)
}

// usable closes an engine that cannot be used.
func (c *Client) usable(ctx context.Context, host string) (*Client, Trouble, error) {
	t, err := c.trouble(ctx, host)
	if err != nil || t.What != "" {
		_ = c.Close() // it only closes idle connections
		return nil, t, err
	}
	return c, t, nil
}

func (c *Client) trouble(ctx context.Context, host string) (Trouble, error) {
	look, cancel := context.WithTimeout(ctx, PingTime)
	defer cancel()
	ping, err := c.API.Ping(look)
	switch {
	case ctx.Err() != nil:
		return Trouble{}, ctx.Err()
	case err != nil:
		return Unanswered(host, PingTime, err), nil
	case versions.LessThan(ping.APIVersion, minAPI):
		return Trouble{fmt.Sprintf("the Docker Engine at %s is too old: its API is %s, and %s (Docker 20.10) is the first that labctl works with", host, ping.APIVersion, minAPI),
			"Update Docker: https://docs.docker.com/engine/install/"}, nil
	}
	return Trouble{}, nil
}

// Unanswered tells from a request's error an engine that is not there from one that
// may not be used, or that is silent for longer than the patience.
func Unanswered(host string, patience time.Duration, err error) Trouble {
	switch {
	case errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return Trouble{"you may not use the Docker Engine at " + host, "Add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run labctl with sudo"}
	case errors.Is(err, context.DeadlineExceeded):
		return Trouble{fmt.Sprintf("the Docker Engine at %s does not answer within %v", host, patience), "Look at it with `docker info`; restarting it may help: `sudo systemctl restart docker`"}
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.As(err, new(*net.OpError)) || Unreachable(err):
		return Trouble{"no Docker Engine answers at " + host, "Start it (`sudo systemctl start docker`, or Docker Desktop), or install it: https://docs.docker.com/engine/install/"}
	}
	return Trouble{fmt.Sprintf("the Docker Engine at %s does not work: %v", host, err), "Look at it with `docker info`"}
}
