package kind

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/pkg/stdcopy"
	"golang.org/x/sync/errgroup"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/engine"
)

// LoadImages sends the tar to every node that runs, all at once.
func (c *Cluster) LoadImages(ctx context.Context, tar io.Reader) error {
	all, err := c.running(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for i, n := range all {
		names[i] = nodeName(n)
	}
	return attended(ctx, c.docker, func(ctx context.Context) error { return engine.LoadEach(ctx, tar, names, c.importImages) })
}

// importImages runs containerd's own import in a node.
func (c *Cluster) importImages(ctx context.Context, node string, tar io.Reader) error {
	argv := []string{"ctr", "--namespace=k8s.io", "images", "import", "--digests", "-"}
	created, err := c.docker.API.ContainerExecCreate(ctx, node, dockercontainer.ExecOptions{Cmd: argv, AttachStdin: true, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return err
	}
	stream, err := c.docker.API.ContainerExecAttach(ctx, created.ID, dockercontainer.ExecAttachOptions{})
	if err != nil {
		return err
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)() // reading knows no context
	var said bytes.Buffer
	copying := new(errgroup.Group)
	copying.Go(func() error {
		_, err := io.Copy(stream.Conn, tar)
		return errors.Join(err, stream.CloseWrite())
	})
	copying.Go(func() error {
		_, err := stdcopy.StdCopy(&said, &said, stream.Reader)
		return err
	})
	if err := copying.Wait(); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return c.ended(ctx, created.ID, &said)
}

// ended turns what a command in a node said into an error, if it failed.
func (c *Cluster) ended(ctx context.Context, exec string, said *bytes.Buffer) error {
	end, err := c.docker.API.ContainerExecInspect(ctx, exec)
	if err != nil {
		return err
	}
	if end.ExitCode != 0 {
		return fmt.Errorf("exit code %d: %s", end.ExitCode, strings.TrimSpace(said.String()))
	}
	return nil
}

// StopNode takes a node away, as a power cut would.
func (c *Cluster) StopNode(ctx context.Context, name string) error {
	if err := c.isWorker(ctx, name); err != nil {
		return err
	}
	c.setOff(name, true)
	return c.kill(ctx, name)
}

// StartNode brings a node back.
func (c *Cluster) StartNode(ctx context.Context, name string) error {
	if err := c.isWorker(ctx, name); err != nil {
		return err
	}
	if err := c.docker.API.ContainerStart(ctx, name, dockercontainer.StartOptions{}); err != nil {
		return fmt.Errorf("start the node %s: %w", name, err)
	}
	c.setOff(name, false)
	return nil
}

func (c *Cluster) setOff(name string, off bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off[name] = off
}

// isWorker refuses the name of what is no node, or of the one that everything
// depends on.
func (c *Cluster) isWorker(ctx context.Context, name string) error {
	all, err := nodes(ctx, c.docker, c.name())
	if err != nil {
		return err
	}
	var workers []string
	for _, n := range all {
		switch {
		case n.Labels[roleLabel] != controlPlane:
			workers = append(workers, nodeName(n))
		case nodeName(n) == name:
			return &engine.NodeNameError{Reason: fmt.Sprintf("node %s holds the control plane: without it nothing could be checked or started again", name)}
		}
		if nodeName(n) == name {
			return nil
		}
	}
	if len(workers) == 0 {
		return &engine.NodeNameError{Reason: fmt.Sprintf("there is no node %s; this cluster has one node, which holds the control plane", name)}
	}
	return &engine.NodeNameError{Reason: fmt.Sprintf("there is no node %s; those that can be stopped and started are %s", name, strings.Join(workers, ", "))}
}
