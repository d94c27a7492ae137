package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/pkg/stdcopy"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// cleanTime is how long removing a container of ours may take after its caller
// has gone.
const cleanTime = 10 * time.Second

// Output runs a program in a new container of an image, in a network, and
// returns what it printed. The container is gone afterwards, also if this
// process is killed: it ends by itself, and the engine removes it then.
func (c *Client) Output(ctx context.Context, image, network string, argv []string) (out []byte, err error) {
	created, err := c.API.ContainerCreate(ctx,
		&dockercontainer.Config{Image: image, Entrypoint: argv[:1], Cmd: argv[1:], AttachStdout: true, AttachStderr: true},
		&dockercontainer.HostConfig{NetworkMode: dockercontainer.NetworkMode(network), AutoRemove: true}, nil, nil, "")
	if err != nil {
		return nil, fmt.Errorf("make a helper container in the network %s: %w", network, err)
	}
	defer func() { err = errors.Join(err, c.Discard(ctx, created.ID)) }()
	stream, err := c.API.ContainerAttach(ctx, created.ID, dockercontainer.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("attach to a helper container: %w", err)
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)() // reading knows no context
	ended, lost := c.API.ContainerWait(ctx, created.ID, dockercontainer.WaitConditionNextExit)
	if err := c.API.ContainerStart(ctx, created.ID, dockercontainer.StartOptions{}); err != nil {
		return nil, fmt.Errorf("start a helper container in the network %s: %w", network, err)
	}
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, stream.Reader); err != nil {
		return nil, fmt.Errorf("read what a helper container prints: %w", errors.Join(context.Cause(ctx), err))
	}
	select {
	case end := <-ended:
		if end.StatusCode != 0 {
			return nil, fmt.Errorf("a helper container failed: exit code %d: %s", end.StatusCode, strings.TrimSpace(stderr.String()))
		}
		return stdout.Bytes(), nil
	case err := <-lost:
		return nil, fmt.Errorf("wait for a helper container: %w", err)
	}
}

// Discard removes a container of ours, by ID or name, with its anonymous volumes,
// also when ctx has ended, and waits until it is gone. It is no error if there is
// none.
func (c *Client) Discard(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	gone, lost := c.API.ContainerWait(ctx, id, dockercontainer.WaitConditionRemoved)
	err := c.API.ContainerRemove(ctx, id, dockercontainer.RemoveOptions{Force: true, RemoveVolumes: true})
	switch {
	case Gone(err):
		return nil
	case err != nil && !Conflict(err): // which says that its removal is on its way
		return fmt.Errorf("remove a helper container: %w", err)
	}
	select {
	case <-gone:
		return nil
	case err := <-lost:
		if Gone(err) {
			return nil
		}
		return fmt.Errorf("wait until a helper container is removed: %w", err)
	}
}

// Address returns the first network, by name, in which a container has an
// address, and the address; both are empty if there is none.
func (c *Client) Address(ctx context.Context, id string) (network, address string, err error) {
	about, err := c.API.ContainerInspect(ctx, id)
	if err != nil {
		return "", "", err
	}
	for _, name := range slices.Sorted(maps.Keys(about.NetworkSettings.Networks)) {
		if n := about.NetworkSettings.Networks[name]; n.IPAddress != "" {
			return name, n.IPAddress, nil
		}
	}
	return "", "", nil
}
