package container

import (
	"context"
	"fmt"
	"io"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/pkg/stdcopy"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// Resident is a helper container that stays in a network for as long as somebody
// talks to it.
type Resident struct {
	client    *Client
	id        string
	startedAt string
	networks  map[string]bool // the IDs of those it is in
	stream    types.HijackedResponse
	ended     <-chan dockercontainer.WaitResponse
	lost      <-chan error
}

// Reside starts the resident program in a new container of the helper image, in a
// network. It ends with its standard input, so also when this process is killed, and the
// container is gone then; one that was not started yet is removed by Sweep. It is an
// error that Gone tells if the network is not there. The caller discards it.
func (c *Client) Reside(ctx context.Context, network string) (*Resident, error) {
	id, err := c.makeHelper(ctx, network, nil)
	if err != nil {
		return nil, fmt.Errorf("make a helper container in the network %s: %w", network, err)
	}
	r := &Resident{client: c, id: id}
	if err := r.start(ctx); err != nil {
		_ = c.discardHelper(ctx, id) // else Sweep removes it
		return nil, fmt.Errorf("start a helper container in the network %s: %w", network, err)
	}
	return r, nil
}

func (r *Resident) start(ctx context.Context) (err error) {
	api := r.client.API
	r.stream, err = api.ContainerAttach(ctx, r.id, dockercontainer.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return err
	}
	r.ended, r.lost = api.ContainerWait(ctx, r.id, dockercontainer.WaitConditionNextExit)
	if err = api.ContainerStart(ctx, r.id, dockercontainer.StartOptions{}); err == nil {
		err = r.remember(ctx)
	}
	if err != nil {
		r.stream.Close()
	}
	return err
}

// remember notes what the container is like when nobody had time to change it.
func (r *Resident) remember(ctx context.Context) error {
	now, err := r.client.API.ContainerInspect(ctx, r.id)
	if err != nil {
		return err
	}
	r.startedAt, r.networks = now.State.StartedAt, map[string]bool{}
	for _, n := range now.NetworkSettings.Networks {
		r.networks[n.NetworkID] = true
	}
	return nil
}

// Serve connects the program with these streams until it ends, and returns its
// exit code. It ends when in does. It is called once, and the container is gone
// afterwards.
func (r *Resident) Serve(ctx context.Context, in io.Reader, out, complaints io.Writer) (code int, err error) {
	defer r.stream.Close()
	defer context.AfterFunc(ctx, r.stream.Close)() // reading knows no context
	go func() {
		_, _ = io.Copy(r.stream.Conn, in) // one that breaks breaks the other direction, too
		_ = r.stream.CloseWrite()
	}()
	if _, err := stdcopy.StdCopy(out, complaints, r.stream.Reader); err != nil {
		return 0, fmt.Errorf("read what a helper container prints: %w", err)
	}
	select {
	case end := <-r.ended:
		return int(end.StatusCode), nil
	case err := <-r.lost:
		return 0, fmt.Errorf("wait for a helper container: %w", err)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// Discard removes the container, also when ctx has ended, and waits until it is gone.
func (r *Resident) Discard(ctx context.Context) error {
	r.stream.Close()
	return r.client.discardHelper(ctx, r.id)
}

// Genuine tells whether the container is what was started: the same process, in
// the same networks, with nobody else's in it. What it sees is not what any
// container there sees otherwise.
func (r *Resident) Genuine(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	now, err := r.client.API.ContainerInspect(ctx, r.id)
	if Gone(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at a helper container: %w", err)
	}
	if !now.State.Running || now.State.Paused || now.State.StartedAt != r.startedAt || len(now.ExecIDs) > 0 || len(now.NetworkSettings.Networks) != len(r.networks) {
		return false, nil
	}
	for _, n := range now.NetworkSettings.Networks {
		if !r.networks[n.NetworkID] {
			return false, nil
		}
	}
	return true, nil
}
