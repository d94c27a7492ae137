package container

import (
	"context"
	"fmt"
	"io"
	"strconv"

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
// error is about reaching the container, not about the command.
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
	done, err := c.API.ContainerExecInspect(ctx, created.ID)
	if err != nil {
		return 0, err
	}
	if done.Running {
		return 0, fmt.Errorf("%q goes on without its streams", argv)
	}
	return done.ExitCode, nil
}

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
