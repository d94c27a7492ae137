package kind

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"golang.org/x/sync/errgroup"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// Cluster is a running kind cluster. Beside engine.Cluster it is an
// engine.ImageLoader, an Architect, a Settler and a NodeController; see offer for
// what else it may be.
type Cluster struct {
	spec   engine.Spec
	docker *container.Client
	log    *slog.Logger
	port   int
	resets bool      // its nodes can go back to a baseline
	began  time.Time // when this process made it or began to start its nodes again

	mu  sync.Mutex
	off map[string]bool // containers of nodes that were stopped on purpose

	watching context.CancelFunc
	ending   sync.Once
	done     chan struct{}
	err      error // set before done is closed
}

var (
	_ engine.Cluster        = (*Cluster)(nil)
	_ engine.ImageLoader    = (*Cluster)(nil)
	_ engine.Architect      = (*Cluster)(nil)
	_ engine.Settler        = (*Cluster)(nil)
	_ engine.NodeController = (*Cluster)(nil)
)

func newCluster(spec engine.Spec, docker *container.Client, log *slog.Logger) *Cluster {
	return &Cluster{spec: spec, docker: docker, log: log, began: time.Now(), off: map[string]bool{}, done: make(chan struct{})}
}

func (c *Cluster) name() string { return clusterName(c.spec.ID) }

// Kubeconfig is labctl's own.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.spec.Dir, "admin.kubeconfig") }

// LearnerKubeconfig is the learner's.
func (c *Cluster) LearnerKubeconfig() string { return filepath.Join(c.spec.Dir, "learner.kubeconfig") }

// Port is where the API server listens on the host's loopback.
func (c *Cluster) Port() int { return c.port }

// Architecture is that of the machine on which Docker runs.
func (c *Cluster) Architecture(ctx context.Context) (string, error) {
	version, err := c.docker.API.ServerVersion(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the Docker Engine for its architecture: %w", err)
	}
	return version.Arch, nil
}

// Done is closed when a node has ended that nobody stopped.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err says why the cluster ended; nil if Close ended it.
func (c *Cluster) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

func (c *Cluster) end(err error) {
	c.ending.Do(func() {
		c.err = err
		close(c.done)
		if c.watching != nil {
			c.watching()
		}
	})
}

// running lists the nodes' containers that are meant to run.
func (c *Cluster) running(ctx context.Context) ([]dockercontainer.Summary, error) {
	all, err := nodes(ctx, c.docker, c.name())
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var on []dockercontainer.Summary
	for _, n := range all {
		if !c.off[nodeName(n)] {
			on = append(on, n)
		}
	}
	return on, nil
}

func nodeName(n dockercontainer.Summary) string { return strings.TrimPrefix(n.Names[0], "/") }

// Health asks Docker for the nodes and the API server for itself.
func (c *Cluster) Health(ctx context.Context) error {
	if err := c.Err(); err != nil {
		return err
	}
	began := time.Now()
	all, err := c.running(ctx)
	if err != nil {
		return errors.New(container.Unanswered(c.docker.API.DaemonHost(), time.Since(began).Round(time.Second), err).What)
	}
	if len(all) == 0 {
		return errors.New("the nodes are gone")
	}
	for _, n := range all {
		if n.State != dockercontainer.StateRunning {
			return fmt.Errorf("node %s does not run (%s)", nodeName(n), strings.ToLower(n.Status))
		}
	}
	return c.answers(ctx)
}

// Close ends the nodes; their data stays for Attach.
func (c *Cluster) Close(ctx context.Context) error {
	c.end(nil)
	return attended(ctx, c.docker, c.killAll)
}

func (c *Cluster) killAll(ctx context.Context) error {
	all, err := nodes(ctx, c.docker, c.name())
	if err != nil {
		return err
	}
	ending, ctx := errgroup.WithContext(ctx)
	for _, n := range all {
		if n.State == dockercontainer.StateRunning {
			ending.Go(func() error { return c.kill(ctx, nodeName(n)) })
		}
	}
	return ending.Wait()
}

// kill ends a node at once: what it holds is made to survive that, and shutting
// systemd down takes ten seconds.
func (c *Cluster) kill(ctx context.Context, name string) error {
	calm(ctx, c.docker, name)
	ended, lost := c.docker.API.ContainerWait(ctx, name, dockercontainer.WaitConditionNotRunning)
	err := c.docker.API.ContainerKill(ctx, name, "SIGKILL")
	if container.Gone(err) || container.Conflict(err) { // it has ended already
		return nil
	}
	if err == nil {
		select {
		case <-ended:
			return nil
		case err = <-lost:
		}
	}
	return fmt.Errorf("stop the node %s: %w", name, err)
}

// resume starts the nodes, the first one first; those that run are left alone.
func (c *Cluster) resume(ctx context.Context, progress engine.Progress) error {
	all, err := nodes(ctx, c.docker, c.name())
	if err != nil {
		return err
	}
	if gone := c.missing(all); len(gone) > 0 {
		return fmt.Errorf("%w: its node %s was removed from Docker", engine.ErrNotFound, strings.Join(gone, ", "))
	}
	if err := ensureNetwork(ctx, c.docker); err != nil {
		return err
	}
	for _, n := range all {
		if err := c.rejoin(ctx, n); err != nil {
			return fmt.Errorf("put the node %s back into its network: %w", nodeName(n), err)
		}
	}
	if err := c.startAll(ctx, all); err != nil {
		return err
	}
	progress("waiting until the nodes are ready")
	if err := c.settle(ctx); err != nil {
		return err
	}
	return c.waitReady(ctx)
}

// rejoin puts a node back into the clusters' network, if it is not in there any more:
// Docker forgets it when a start fails because of the node's port, and
// `docker network prune` removes it while no node runs.
func (c *Cluster) rejoin(ctx context.Context, n dockercontainer.Summary) error {
	id, err := findNetwork(ctx, c.docker)
	if err != nil {
		return err
	}
	if n.NetworkSettings != nil {
		for _, at := range n.NetworkSettings.Networks {
			if at.NetworkID == id {
				return nil
			}
		}
	}
	if n.State == dockercontainer.StateRunning { // without its port
		if err := c.kill(ctx, nodeName(n)); err != nil {
			return err
		}
	}
	_ = c.docker.API.NetworkDisconnect(ctx, networkName, n.ID, true) // it may know of one that is gone
	return c.docker.API.NetworkConnect(ctx, id, n.ID, nil)
}

// startAll starts the nodes, the first one first.
func (c *Cluster) startAll(ctx context.Context, all []dockercontainer.Summary) error {
	for _, first := range []bool{true, false} {
		for _, n := range all {
			if (n.Labels[roleLabel] == controlPlane) != first {
				continue
			}
			if err := c.docker.API.ContainerStart(ctx, n.ID, dockercontainer.StartOptions{}); err != nil {
				return fmt.Errorf("start the node %s: %w", nodeName(n), err)
			}
		}
	}
	return nil
}

// missing are the nodes that the cluster should have, by the names that kind gives.
func (c *Cluster) missing(there []dockercontainer.Summary) (names []string) {
	for i := range c.spec.Nodes {
		name := c.name() + "-" + controlPlane
		if i > 0 {
			name = c.name() + "-worker" + strings.TrimPrefix(strconv.Itoa(i), "1")
		}
		if !slices.ContainsFunc(there, func(n dockercontainer.Summary) bool { return nodeName(n) == name }) {
			names = append(names, name)
		}
	}
	return names
}

// settle learns what there is, and watches the nodes from then on.
func (c *Cluster) settle(ctx context.Context) error {
	if err := c.findPort(ctx); err != nil {
		return err
	}
	if err := c.findAbilities(ctx); err != nil {
		return err
	}
	watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.watching = cancel
	go c.watch(watch)
	return nil
}

// findPort asks Docker where the API server's port is published.
func (c *Cluster) findPort(ctx context.Context) error {
	first, err := c.docker.API.ContainerInspect(ctx, c.first())
	if err != nil {
		return fmt.Errorf("look at the first node: %w", err)
	}
	for _, b := range first.NetworkSettings.Ports[apiPort] {
		port, err := strconv.Atoi(b.HostPort)
		if err == nil && port > 0 {
			c.port = port
			return nil
		}
	}
	return fmt.Errorf("the node %s publishes no port for the API server", c.first())
}

// watch ends the cluster when a node ends that nobody stopped, or when Docker does.
func (c *Cluster) watch(ctx context.Context) {
	filter := filters.NewArgs(filters.Arg("type", "container"), filters.Arg("event", "die"), filters.Arg("label", clusterLabel+"="+c.name()))
	died, lost := c.docker.API.Events(ctx, events.ListOptions{Filters: filter})
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-died:
			name := event.Actor.Attributes["name"]
			c.mu.Lock()
			meant := c.off[name]
			c.mu.Unlock()
			if !meant {
				c.end(fmt.Errorf("node %s ended, with exit code %s", name, event.Actor.Attributes["exitCode"]))
				return
			}
		case err := <-lost:
			if ctx.Err() == nil {
				c.log.Warn("no more events from Docker", "error", err)
				c.end(fmt.Errorf("the Docker Engine at %s has ended or was restarted", c.docker.API.DaemonHost()))
			}
			return
		}
	}
}
