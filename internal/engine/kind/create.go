package kind

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/proc"
)

const (
	// purgeEvery is how often what kind still makes is removed while it is told to
	// stop, and abandonTimeout how long it may take to do so without Docker.
	purgeEvery     = 200 * time.Millisecond
	abandonTimeout = 10 * time.Second
)

// create makes the nodes with kind and waits until pods can be made; AwaitReady
// waits until they can run.
func (e *Engine) create(ctx context.Context, c *Cluster, host string, led engine.Ledger, progress engine.Progress) error {
	name := clusterName(c.spec.ID)
	if _, err := note(led, name); err != nil {
		return err
	}
	if err := claim(ctx, c.docker, name, c.spec.Dir); err != nil {
		return err
	}
	image, err := e.nodeImage(ctx, c.docker, progress)
	if err != nil {
		return err
	}
	if err := ensureNetwork(ctx, c.docker); err != nil {
		return err
	}
	port, err := freePort(ctx, c.spec.Port)
	if err != nil {
		return err
	}
	if err := e.environment(host); err != nil {
		return err
	}
	started := ""
	logger := &logger{tell: func(text string) { started = text; progress(text) }}
	provider := cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(logger))
	err = cancellable(ctx, c, func() error {
		return provider.Create(name, cluster.CreateWithRawConfig(config(c.spec.Nodes, port)), cluster.CreateWithNodeImage(image),
			cluster.CreateWithRetain(true), // removed by us, who know whether it was cancelled
			cluster.CreateWithKubeconfigPath(filepath.Join(c.spec.Dir, "kind.kubeconfig")),
			cluster.CreateWithDisplayUsage(false), cluster.CreateWithDisplaySalutation(false))
	})
	if err != nil {
		return c.atHome(explain(started, err))
	}
	if err := c.writeKubeconfigs(ctx); err != nil {
		return err
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	if err := c.waitAdmitting(ctx); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.spec.Dir, upFile), nil, 0o644)
}

// atHome tells a full disk of labctl's from Docker's: only the first is written to
// by kind itself.
func (c *Cluster) atHome(err error) error {
	if !container.NoSpace(err) || !strings.Contains(err.Error(), c.spec.Dir) {
		return err
	}
	return &engine.Trouble{
		Reason: err.Error(), Err: err,
		Remedy: "Free some space on the disk of " + c.spec.Dir + ", or set LABCTL_HOME to a directory on another one; then try again",
	}
}

// cancellable does what knows no context: when ctx ends, its containers are
// removed from under it until it gives up, which every command of kind's then does.
// The network stays until then: kind would make it again, without the label by
// which it is known as ours.
func cancellable(ctx context.Context, c *Cluster, create func() error) error {
	done := make(chan error, 1)
	go func() { done <- create() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if err := lost(ctx); err != nil { // nothing can be removed now
		return errors.Join(err, abandon(done))
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		failed := attended(undo, c.docker, func(ctx context.Context) error { return discardNodes(ctx, c.docker, c.name()) })
		if errors.As(failed, new(*engine.Trouble)) {
			return errors.Join(context.Cause(ctx), failed, abandon(done))
		}
		select {
		case <-done:
			return context.Cause(ctx)
		case <-undo.Done():
			return errors.Join(context.Cause(ctx), failed, abandon(done))
		case <-tick.C:
		}
	}
}

// abandon kills the commands that kind waits for, one after another, until it
// gives up: they ask a Docker that does not answer.
func abandon(done <-chan error) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	deadline := time.After(abandonTimeout)
	for {
		proc.KillChildren("docker")
		select {
		case <-done:
			return nil
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("kind did not stop within %v", abandonTimeout)
		}
	}
}

// environment is what kind's commands find the Docker Engine, the docker command
// and the network by: kind takes them from the process's own environment.
func (e *Engine) environment(host string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	path := os.Getenv("PATH")
	if !slices.Contains(filepath.SplitList(path), e.cfg.Bin) { // last: the user's own command is first
		path += string(os.PathListSeparator) + e.cfg.Bin
	}
	return errors.Join(os.Setenv("PATH", path), os.Setenv("DOCKER_HOST", host), os.Setenv("KIND_EXPERIMENTAL_DOCKER_NETWORK", networkName))
}

// config asks for nodes on which pods may run, the first included, as on the
// other engines.
func config(nodes, port int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: {apiServerAddress: 127.0.0.1, apiServerPort: %d}\n", port)
	b.WriteString("nodes:\n- role: control-plane\n")
	for range nodes - 1 {
		b.WriteString("- role: worker\n")
	}
	b.WriteString("kubeadmConfigPatches:\n" +
		"- |\n  kind: KubeletConfiguration\n  failCgroupV1: false\n" + // machines with cgroup v1 are still in use
		"- |\n  kind: ClusterConfiguration\n  apiVersion: kubeadm.k8s.io/v1beta4\n  etcd:\n    local:\n      extraArgs:\n" +
		"      - {name: max-txn-ops, value: \"1024\"}\n") // reset puts many keys back at once
	if nodes > 1 { // of a single node, kind removes the taint
		b.WriteString("- |\n  kind: InitConfiguration\n  nodeRegistration: {taints: []}\n")
	}
	return []byte(b.String())
}

// freePort is the port that is preferred, or another if it is taken.
func freePort(ctx context.Context, preferred int) (int, error) {
	var last error
	for _, port := range []int{preferred, 0} {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port, nil
	}
	return 0, fmt.Errorf("find a port for the API server: %w", last)
}

// explain adds what a command of kind's printed, which says more than its exit
// code does.
func explain(doing string, err error) error {
	const lines = 12
	var run *exec.RunError
	if !errors.As(err, &run) {
		return fmt.Errorf("kind (%s): %w", doing, err)
	}
	said := strings.Split(strings.TrimSpace(string(run.Output)), "\n")
	said = said[max(len(said)-lines, 0):]
	return fmt.Errorf("kind (%s): %w:\n  %s", doing, run.Inner, strings.Join(said, "\n  "))
}
