package container

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/pkg/stdcopy"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// HelperLabel is on helper containers, so that leftovers are known and `check
// --watch` does not take its own looks for changes.
const HelperLabel = "dev.labctl.helper"

// helperName is what the names of helper containers begin with. A learner may use
// it, too: it proves nothing.
const helperName = "labctl-helper-"

// Helper is the image that helper containers run.
type Helper struct {
	// IDs are by what is in it, see Content: an engine knows it by one of them. Its
	// name could be given to another image, which then would answer for us, by
	// whoever uses the engine.
	IDs []string
	// Archive is what `docker load` reads.
	Archive io.WriterTo
	// Resident is the program, with its arguments, that Reside runs. It ends with
	// its standard input.
	Resident []string
}

// helperState is a helper image that was found.
type helperState struct {
	mu    sync.Mutex
	known *Helper
}

const (
	// cleanTime is how long removing a container of ours may take after its caller
	// has gone.
	cleanTime = 10 * time.Second
	// abandoned is the age of a helper container that was not started, or has ended
	// and is still there: in good hands either lasts an instant.
	abandoned = 10 * time.Second
	// endless is the age of one that runs: no look takes so long.
	endless = 15 * time.Minute
	// maxSaid bounds what is read of a helper's output: many large answers.
	maxSaid = 256 << 20
)

// Output runs a program in a new container of the helper image, in a network, and
// returns what it printed. The container is gone afterwards, also if this
// process is killed: it ends by itself, and the engine removes it then; one that was
// not started yet is removed by Sweep. It is an error that Gone tells if the network
// is not there.
func (c *Client) Output(ctx context.Context, network string, argv []string) (out []byte, err error) {
	id, err := c.makeHelper(ctx, network, argv)
	if err != nil {
		return nil, fmt.Errorf("make a helper container in the network %s: %w", network, err)
	}
	defer func() { err = errors.Join(err, c.discardHelper(ctx, id)) }()
	stream, err := c.API.ContainerAttach(ctx, id, dockercontainer.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("attach to a helper container: %w", err)
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)() // reading knows no context
	ended, lost := c.API.ContainerWait(ctx, id, dockercontainer.WaitConditionNextExit)
	if err := c.API.ContainerStart(ctx, id, dockercontainer.StartOptions{}); err != nil {
		return nil, fmt.Errorf("start a helper container in the network %s: %w", network, err)
	}
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, io.LimitReader(stream.Reader, maxSaid)); err != nil {
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

// makeHelper makes a helper container that runs a program, or else the resident
// one, which reads standard input. If the image is not there, because somebody has removed it, it is
// loaded again. The caller discards the container with discardHelper.
func (c *Client) makeHelper(ctx context.Context, network string, argv []string) (id string, err error) {
	image, err := c.helperImage(ctx)
	if err != nil {
		return "", err
	}
	resident := argv == nil
	if resident {
		argv = image.Resident
	}
	if len(argv) == 0 {
		return "", errors.New("there is nothing to run in a helper container")
	}
	id, err = c.createHelper(ctx, image, network, argv, resident)
	if !Gone(err) || c.has(ctx, image) {
		return id, err
	}
	if err := c.load(ctx, image); err != nil {
		return "", err
	}
	return c.createHelper(ctx, image, network, argv, resident)
}

// createHelper makes a helper container of the image, which the engine knows by one
// of its IDs. The error is one that Gone tells if it knows none, or the network is gone.
func (c *Client) createHelper(ctx context.Context, image Helper, network string, argv []string, input bool) (string, error) {
	var lacking error
	config := &dockercontainer.Config{
		Entrypoint: argv[:1], Cmd: argv[1:], AttachStdout: true, AttachStderr: true,
		OpenStdin: input, StdinOnce: input, AttachStdin: input, Labels: map[string]string{HelperLabel: "true"},
	}
	host := &dockercontainer.HostConfig{
		NetworkMode: dockercontainer.NetworkMode(network), AutoRemove: true,
		// What it knows of hosts and names stays as the engine wrote it.
		ReadonlyRootfs: true, CapDrop: []string{"ALL"},
	}
	name := helperName + strings.ToLower(rand.Text()[:12])
	for _, config.Image = range image.IDs {
		created, err := c.API.ContainerCreate(ctx, config, host, nil, nil, name)
		if err == nil {
			c.ours.Store(created.ID, true)
			return created.ID, nil
		}
		if !Gone(err) || c.has(ctx, Helper{IDs: []string{config.Image}}) {
			return "", err // if it is gone, it is the network
		}
		lacking = err
	}
	return "", lacking
}

// discardHelper removes a helper container. Only when it is gone is it not to be
// told from others any more.
func (c *Client) discardHelper(ctx context.Context, id string) error {
	err := c.Discard(ctx, id)
	c.ours.Delete(id)
	return err
}

// has says whether the engine has the helper image, or cannot tell.
func (c *Client) has(ctx context.Context, image Helper) bool {
	return slices.ContainsFunc(image.IDs, func(id string) bool {
		_, err := c.API.ImageInspect(ctx, id)
		return !Gone(err)
	})
}

func (c *Client) helperImage(ctx context.Context) (Helper, error) {
	c.helper.mu.Lock()
	defer c.helper.mu.Unlock()
	if c.helper.known != nil {
		return *c.helper.known, nil
	}
	if c.Helper == nil {
		return Helper{}, errors.New("there is no image for helper containers")
	}
	found, err := c.Helper(ctx)
	if err != nil {
		return Helper{}, err
	}
	c.helper.known = &found
	return found, nil
}

// load gives the engine the helper image.
func (c *Client) load(ctx context.Context, image Helper) error {
	r, w := io.Pipe()
	go func() {
		_, err := image.Archive.WriteTo(w)
		w.CloseWithError(err)
	}()
	defer r.Close()
	answer, err := c.API.ImageLoad(ctx, r)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body) // whether it came to something, the next one to use it sees
		err = errors.Join(err, answer.Body.Close())
	}
	if err != nil {
		return fmt.Errorf("load the image of helper containers: %w", err)
	}
	return nil
}

// Sweep removes helper containers that killed processes have left, and leaves alone
// those that others may still be using.
func (c *Client) Sweep(ctx context.Context) error {
	list, err := c.API.ContainerList(ctx, dockercontainer.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", HelperLabel))})
	if err != nil {
		return fmt.Errorf("look for helper containers that were left behind: %w", err)
	}
	var errs []error
	for _, one := range list {
		patience := abandoned
		if one.State == dockercontainer.StateRunning {
			patience = endless
		}
		if time.Since(time.Unix(one.Created, 0)) > patience {
			errs = append(errs, c.Discard(ctx, one.ID))
		}
	}
	return errors.Join(errs...)
}

// Discard removes a container of ours, by ID or name, with its anonymous volumes,
// also when ctx has ended, and waits until it is gone. It is no error if there is
// none.
func (c *Client) Discard(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	name := id
	id, err := exactly(ctx, name, c.containerID)
	if Gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the container %s to remove: %w", name, err)
	}
	gone, lost := c.API.ContainerWait(ctx, id, dockercontainer.WaitConditionRemoved)
	err = c.API.ContainerRemove(ctx, id, dockercontainer.RemoveOptions{Force: true, RemoveVolumes: true})
	switch {
	case Gone(err):
		return nil
	case err != nil && !Conflict(err): // which says that its removal is on its way
		return fmt.Errorf("remove the container %s: %w", id, err)
	}
	select {
	case <-gone:
		return nil
	case err := <-lost:
		if Gone(err) {
			return nil
		}
		return fmt.Errorf("wait until the container %s is removed: %w", id, err)
	}
}
