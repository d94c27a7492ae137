package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/pkg/stdcopy"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// notExecutable are the exit codes by which a runtime says that a container has
// no such program, or may not run it.
const (
	notPermitted = 126
	notFound     = 127
)

// NotExecutable tells whether an exit code of Exec means that the program could
// not be run.
func NotExecutable(code int) bool { return code == notPermitted || code == notFound }

// Exec runs a command in a running container and returns its exit code. The
// error is about reaching the container, not about the command. What ends with ctx is
// the wait for the command: the engine has no way to end the command itself.
func (c *Client) Exec(ctx context.Context, name string, argv []string, stdout, stderr io.Writer) (int, error) {
	created, err := c.API.ContainerExecCreate(ctx, name, dockercontainer.ExecOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, err
	}
	stream, err := c.API.ContainerExecAttach(ctx, created.ID, dockercontainer.ExecAttachOptions{})
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)() // reading knows no context
	if _, err := stdcopy.StdCopy(stdout, stderr, stream.Reader); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return 0, fmt.Errorf("read what it prints: %w", err)
	}
	return c.exitCode(ctx, created.ID)
}

// execPause is how often the engine is asked whether a command has ended.
const execPause = 20 * time.Millisecond

// exitCode waits for the end of a command whose streams have ended: the engine may
// know of its end a moment later, and a program may go on without streams.
func (c *Client) exitCode(ctx context.Context, exec string) (int, error) {
	tick := time.NewTicker(execPause)
	defer tick.Stop()
	for {
		done, err := c.API.ContainerExecInspect(ctx, exec)
		if err != nil {
			return 0, err
		}
		if !done.Running {
			return done.ExitCode, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("it goes on without its streams: %w", context.Cause(ctx))
		}
	}
}

// ErrNoLogs says that nothing can be read of what a container prints: it was made
// so, or is being removed.
var ErrNoLogs = errors.New("its log cannot be read")

// Logs writes the last lines that a container printed, on both of its streams,
// to out.
func (c *Client) Logs(ctx context.Context, name string, tail int, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	about, err := c.API.ContainerInspect(ctx, name)
	if err != nil {
		return err
	}
	logs, err := c.API.ContainerLogs(ctx, name, dockercontainer.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(tail)})
	if errdefs.IsNotImplemented(err) || Conflict(err) {
		return fmt.Errorf("%w: %w", ErrNoLogs, err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = logs.Close() }() // only read
	if about.Config.Tty {
		_, err = io.Copy(out, logs)
	} else {
		_, err = stdcopy.StdCopy(out, out, logs)
	}
	return err
}
