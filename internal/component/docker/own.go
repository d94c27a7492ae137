//go:build linux

package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/docker/docker/client"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/component/docker/proxy"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/machine/gateway"
	"labctl.dev/labctl/internal/node"
)

// pingEvery is how often an engine that is starting is asked whether it has.
const pingEvery = 25 * time.Millisecond

// Engine is a running Docker Engine of ours.
type Engine struct {
	spec    component.Spec
	log     *slog.Logger
	dir     *os.File // of the engine's own socket
	host    *machine.Host
	machine *machine.Machine
	client  *client.Client
	ports   *publisher
	server  *http.Server

	ending sync.Once
	done   chan struct{}
	err    error // set before done is closed
}

var _ component.Running = (*Engine)(nil)

// minMemory is the free memory, in bytes, that the engine needs with a few small
// containers.
const minMemory = 400 << 20

// probeOwn tries what an engine of ours needs, in namespaces that end with the trial.
func probeOwn(ctx context.Context, bin, home string) (component.Missing, error) {
	missing, err := machine.Probe(ctx, machine.Needs{
		What: "the Docker Engine that labctl brings", Bin: bin, Home: home, Memory: minMemory, Make: "build docker",
		Binaries: []string{"dockerd", "docker-proxy", "docker", "docker-compose", "docker-buildx", "containerd", "containerd-shim-runc-v2", "runc"},
	})
	return component.Missing{What: missing.What, Remedy: missing.Remedy}, err
}

// upOwn starts an engine of ours and the learner's way to it.
func (c Component) upOwn(ctx context.Context, spec component.Spec, led component.Ledger, progress func(string)) (component.Running, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("given up after %v", startTimeout))
	defer cancel()
	e := &Engine{spec: spec, log: c.Log.With("component", "docker"), done: make(chan struct{})}
	progress("starting the Docker Engine")
	if err := e.start(ctx, led); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return nil, errors.Join(err, e.Close(undo))
	}
	go e.watch()
	return e, nil
}

func (e *Engine) start(ctx context.Context, led component.Ledger) error {
	// One that was killed may be dying still; nodes of the same environment live.
	if err := machine.ClearOne(ctx, e.spec.ID, machineName); err != nil {
		return fmt.Errorf("end an earlier Docker Engine of this environment: %w", err)
	}
	if err := errors.Join(makeDirs(e.spec), makeDataDir(e.spec)); err != nil {
		return fmt.Errorf("make the directory of Docker: %w", err)
	}
	data := filepath.Join(e.spec.Dir, dataDir)
	var err error
	if e.dir, err = os.Open(data); err != nil {
		return err
	}
	// Learners may choose any subnet for a network of theirs.
	route := gateway.Route{Net: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: node.MachineIP(1)}
	if e.host, err = machine.NewHost(ctx, machine.Host{Cluster: e.spec.ID, Bin: e.spec.Bin, Log: e.log, Ledger: led}, []gateway.Route{route}); err != nil {
		return err
	}
	spec := machine.Spec{Name: machineName, Index: 1, Role: node.Docker, Dir: data, Binds: []string{e.spec.Workspace}}
	if e.machine, err = e.host.Start(ctx, spec); err != nil {
		return err
	}
	if e.client, err = client.NewClientWithOpts(client.WithHost("tcp://docker:2375"), client.WithDialContext(e.dialAny), client.WithAPIVersionNegotiation()); err != nil {
		return err
	}
	if err := e.await(ctx); err != nil {
		return err
	}
	e.ports = newPublisher(e.client, e.host.Gateway, e.log)
	if err := e.ports.start(ctx); err != nil {
		return err
	}
	return e.serve(ctx)
}

// await waits until the engine answers.
func (e *Engine) await(ctx context.Context) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, pingEvery, true, func(ctx context.Context) (bool, error) {
		select {
		case <-e.machine.Ended():
			return false, e.machine.Err()
		default:
		}
		_, last = e.client.Ping(ctx)
		return last == nil, nil
	})
	if ctx.Err() != nil {
		return fmt.Errorf("wait for the Docker Engine: %w", errors.Join(context.Cause(ctx), last))
	}
	return err
}

// dial connects to the engine's own socket, through the open directory: a
// socket's path may have 108 bytes at most, and state directories can be deeper.
func (e *Engine) dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/%s", e.dir.Fd(), socketName))
}

func (e *Engine) dialAny(ctx context.Context, _, _ string) (net.Conn, error) { return e.dial(ctx) }

// serve opens the learner's socket.
func (e *Engine) serve(ctx context.Context) error {
	l, err := listen(ctx, e.spec)
	if err != nil {
		return fmt.Errorf("open the learner's socket of Docker: %w", err)
	}
	policy := proxy.Policy{Environment: e.spec.ID, Binds: []string{e.spec.Workspace}}
	e.server = &http.Server{Handler: e.ports.before(proxy.New(policy, e.dial, e.log)), ReadHeaderTimeout: time.Minute}
	go func() {
		if err := e.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			e.end(fmt.Errorf("the learner's socket of Docker broke: %w", err))
		}
	}()
	return nil
}

// watch ends with the machine.
func (e *Engine) watch() {
	<-e.machine.Ended()
	if err := e.machine.Err(); err != nil {
		e.end(err)
	}
}

func (e *Engine) end(err error) {
	e.ending.Do(func() {
		e.err = err
		close(e.done)
	})
}

// Client reaches the engine without the proxy. The Engine owns it.
func (e *Engine) Client() *client.Client { return e.client }

// LoadImages gives the engine a lab's images.
func (e *Engine) LoadImages(ctx context.Context, tar io.Reader) error {
	return (&container.Client{API: e.client}).LoadImages(ctx, tar)
}

// Health asks the engine.
func (e *Engine) Health(ctx context.Context) error {
	if err := e.Err(); err != nil {
		return err
	}
	if _, err := e.client.Ping(ctx); err != nil {
		return fmt.Errorf("the Docker Engine does not answer: %w", err)
	}
	e.machine.Well()
	return nil
}

// Done is closed when the engine has ended.
func (e *Engine) Done() <-chan struct{} { return e.done }

// Err says why the engine ended.
func (e *Engine) Err() error {
	select {
	case <-e.done:
		return e.err
	default:
		return nil
	}
}

// Close ends the engine; containers, images and volumes stay.
func (e *Engine) Close(ctx context.Context) error {
	e.end(nil)
	if e.server != nil {
		_ = e.server.Close() // connections to an engine that ends
	}
	if e.ports != nil {
		e.ports.close()
	}
	var err error
	if e.machine != nil {
		e.machine.Stop(ctx, stopGrace)
		err = e.machine.Bury(ctx)
	}
	if e.host != nil {
		e.host.Close()
	}
	if e.dir != nil {
		e.dir.Close()
	}
	return err
}

// endOwn ends an engine of ours whoever holds it.
func endOwn(ctx context.Context, id string) error { return machine.Clear(ctx, id) }
