package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/component/docker/proxy"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/ledger"
)

// Guest is an environment in the user's own Docker Engine.
type Guest struct {
	spec   component.Spec
	log    *slog.Logger
	docker *container.Client
	server *http.Server

	ending sync.Once
	done   chan struct{}
	err    error // set before done is closed
}

var _ component.Running = (*Guest)(nil)

// probeGuest says what keeps an engine of the user's from being used.
func probeGuest(ctx context.Context, host string) (component.Missing, error) {
	docker, trouble, err := container.Usable(ctx, host)
	if docker != nil {
		_ = docker.Close() // it only closes idle connections
	}
	return component.Missing(trouble), err
}

// open connects to an engine of the user's.
func open(ctx context.Context, host string) (*container.Client, error) {
	docker, trouble, err := container.Usable(ctx, host)
	if err == nil && trouble.What != "" {
		err = fmt.Errorf("%s. %s", trouble.What, trouble.Remedy)
	}
	return docker, err
}

// upGuest marks the environment's place in the user's engine and opens the
// learner's way to it.
func (c Component) upGuest(ctx context.Context, spec component.Spec, led component.Ledger, progress func(string)) (component.Running, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("given up after %v", startTimeout))
	defer cancel()
	progress("asking your Docker Engine")
	docker, err := open(ctx, spec.Existing)
	if err != nil {
		return nil, err
	}
	g := &Guest{spec: spec, log: c.Log.With("component", "docker"), docker: docker, done: make(chan struct{})}
	if err := g.start(ctx, led); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return nil, errors.Join(err, g.Close(undo))
	}
	return g, nil
}

func (g *Guest) start(ctx context.Context, led component.Ledger) error {
	if err := makeDirs(g.spec); err != nil {
		return fmt.Errorf("make the directory of Docker: %w", err)
	}
	if _, err := led.Begin(ledger.Entry{Kind: kindVolume, Name: markerName(g.spec.ID)}); err != nil {
		return fmt.Errorf("note the volume %s in the ledger: %w", markerName(g.spec.ID), err)
	}
	if err := mark(ctx, g.docker, g.spec); err != nil {
		return err
	}
	if err := g.wake(ctx); err != nil {
		return err
	}
	return g.serve(ctx)
}

// serve opens the learner's socket.
func (g *Guest) serve(ctx context.Context) error {
	l, err := listen(ctx, g.spec)
	if err != nil {
		return fmt.Errorf("open the learner's socket of Docker: %w", err)
	}
	policy := proxy.Policy{
		Environment: g.spec.ID, Binds: []string{g.spec.Workspace},
		Shared: &proxy.Shared{Dir: g.spec.Dir, Tags: tagsOf(g.spec)},
	}
	g.server = &http.Server{Handler: proxy.New(policy, g.docker.API.Dialer(), g.log), ReadHeaderTimeout: time.Minute}
	go func() {
		if err := g.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			g.end(fmt.Errorf("the learner's socket of Docker broke: %w", err))
		}
	}()
	return nil
}

func (g *Guest) end(err error) {
	g.ending.Do(func() {
		g.err = err
		close(g.done)
	})
}

// LoadImages gives the engine a lab's images, unless one of the user's is in the way.
func (g *Guest) LoadImages(ctx context.Context, tar io.Reader) error {
	return lodge(ctx, g.docker, g.spec, tar)
}

// Baseline has nothing to remember: what the lab begins with is made anew.
func (*Guest) Baseline(context.Context) error { return nil }

// Reset takes away all that carries the environment's label, and tags it gave.
func (g *Guest) Reset(ctx context.Context) error { return belongingsOf(g.docker, g.spec).remove(ctx) }

// Health asks the engine.
func (g *Guest) Health(ctx context.Context) error {
	if err := g.Err(); err != nil {
		return err
	}
	if err := g.docker.Ping(ctx); err != nil {
		return fmt.Errorf("your Docker Engine at %s does not answer: %w", g.spec.Existing, err)
	}
	return nil
}

// Done is closed when the learner's way to the engine has ended. The engine itself
// may be restarted, and is the same then.
func (g *Guest) Done() <-chan struct{} { return g.done }

// Err says why the learner's way to the engine ended.
func (g *Guest) Err() error {
	select {
	case <-g.done:
		return g.err
	default:
		return nil
	}
}

// Close stops the environment's containers and closes the learner's way to the
// engine. What runs is remembered for wake.
func (g *Guest) Close(ctx context.Context) error {
	g.end(nil)
	if g.server != nil {
		_ = g.server.Close() // connections to an engine that goes on
	}
	return errors.Join(g.sleep(ctx), g.docker.Close())
}
