//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/machine/gateway"
	"labctl.dev/labctl/internal/node"
)

const (
	maxNodes = node.MaxNodes
	initName = "labinit"
	pkiDir   = "pki"

	// startTimeout is generous: a start takes seconds, and minutes where many
	// programs compete for one slow core.
	startTimeout = 5 * time.Minute
	closeTimeout = 15 * time.Second
)

// start makes the cluster and waits until it is ready. On failure it returns
// the cluster all the same, for the caller to close what was made of it.
func (e *Engine) start(ctx context.Context, spec engine.Spec, led engine.Ledger, progress engine.Progress) (*Cluster, error) {
	c := newCluster(e.cfg.Log.With("cluster", string(spec.ID)), spec, led)
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("given up after %v", startTimeout))
	defer cancel()
	if err := c.prepare(ctx); err != nil {
		return c, err
	}
	progress("starting " + count(spec.Nodes, "node"))
	boots, booting := errgroup.WithContext(ctx)
	for i := 1; i <= spec.Nodes; i++ {
		boots.Go(func() error { return c.startNode(booting, i) })
	}
	if err := boots.Wait(); err != nil {
		return c, err
	}
	if err := c.settle(ctx, c.running(), progress); err != nil {
		return c, err
	}
	return c, c.publishKubeconfigs()
}

// prepare makes what the nodes share: directory, listener, network.
func (c *Cluster) prepare(ctx context.Context) error {
	if _, err := note(c.ledger, ledger.KindDir, c.spec.Dir); err != nil {
		return err
	}
	// The owner has to reach the kubeconfigs, nobody the rest.
	if err := os.MkdirAll(c.spec.Dir, 0o711); err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(c.spec.Dir, pkiDir), 0o700); err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	var err error
	if c.listener, err = listen(ctx, c.spec.Port); err != nil {
		return err
	}
	c.host, err = machine.NewHost(ctx, machine.Host{Cluster: string(c.spec.ID), Bin: c.spec.Bin, Log: c.log, Ledger: c.ledger}, routes())
	return err
}

// listen takes the preferred port of the loopback, or any.
func listen(ctx context.Context, port int) (*net.TCPListener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) {
		l, err = lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the API server on the loopback: %w", err)
	}
	return l.(*net.TCPListener), nil
}

// routes lead to the nodes' pods, whether the nodes exist or not.
func routes() []gateway.Route {
	var all []gateway.Route
	for i := 1; i <= maxNodes; i++ {
		all = append(all, gateway.Route{Net: node.PodNet(i), Via: node.MachineIP(i)})
	}
	return all
}

// publishKubeconfigs copies the kubeconfigs to where their owner can read them.
// The originals are written anew whenever the API server starts.
func (c *Cluster) publishKubeconfigs() error {
	for name, target := range map[string]string{"admin.kubeconfig": c.Kubeconfig(), "learner.kubeconfig": c.LearnerKubeconfig()} {
		data, err := os.ReadFile(filepath.Join(c.spec.Dir, pkiDir, name))
		if err != nil {
			return fmt.Errorf("read the kubeconfig that the cluster wrote: %w", err)
		}
		if err := os.WriteFile(target+".new", data, 0o600); err != nil {
			return fmt.Errorf("write a kubeconfig: %w", err)
		}
		if err := os.Chown(target+".new", c.spec.Owner.UID, c.spec.Owner.GID); err != nil {
			return fmt.Errorf("hand a kubeconfig to its owner: %w", err)
		}
		if err := os.Rename(target+".new", target); err != nil {
			return fmt.Errorf("write a kubeconfig: %w", err)
		}
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
