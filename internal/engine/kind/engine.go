package kind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
)

const (
	// undoTimeout bounds cleaning up after a start that failed.
	undoTimeout = 30 * time.Second
	// upFile is there once the cluster has been up: what is found without it is
	// the rest of a start that was killed.
	upFile = "up"
	// kindContainer and kindVolume are kinds of leftovers, the first also of ledger
	// entries.
	kindContainer = "container"
	kindVolume    = "volume"
)

// Engine provides clusters in the user's Docker. They outlive the process.
type Engine struct {
	cfg Config

	mu       sync.Mutex
	clusters map[engine.ID]*Cluster
}

var _ engine.Engine = (*Engine)(nil)

// New returns an engine that holds no cluster yet.
func New(cfg Config) *Engine { return &Engine{cfg: cfg, clusters: map[engine.ID]*Cluster{}} }

// Name is "kind".
func (*Engine) Name() string { return Name }

// docker opens the user's Docker Engine. The caller closes it.
func (e *Engine) docker() (*container.Client, string, error) {
	host, err := container.Host(e.cfg.Getenv, container.ConfigDir(e.cfg.Getenv))
	if err != nil {
		return nil, "", err
	}
	docker, err := container.New(host)
	return docker, host, err
}

// Up makes the cluster, or finds it and starts it.
func (e *Engine) Up(ctx context.Context, spec engine.Spec, led engine.Ledger, progress engine.Progress) (engine.Cluster, error) {
	if c := e.held(spec.ID); c != nil {
		return c.offer(), nil
	}
	if spec.Nodes < 1 || spec.Nodes > maxNodes {
		return nil, fmt.Errorf("a cluster of %d nodes was asked for; the kind engine has 1 to %d", spec.Nodes, maxNodes)
	}
	if wasUp(spec) {
		return e.Attach(ctx, spec, led, progress)
	}
	docker, host, err := e.docker()
	if err != nil {
		return nil, err
	}
	c := newCluster(spec, docker, e.cfg.Log)
	err = attended(ctx, docker, func(ctx context.Context) error { return e.create(ctx, c, host, led, progress) })
	if err != nil {
		c.end(nil)
		undone := e.undo(ctx, docker, spec)
		if undone != nil && strings.Contains(err.Error(), undone.Error()) { // it failed for the same reason
			undone = nil
		}
		return nil, errors.Join(err, undone, docker.Close())
	}
	return e.hold(c).offer(), nil
}

// undo removes what a start made that failed. The caller's context may be what
// ended; cleaning up has its own time.
func (e *Engine) undo(ctx context.Context, docker *container.Client, spec engine.Spec) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	return attended(ctx, docker, func(ctx context.Context) error { return e.remove(ctx, docker, spec) })
}

// Attach starts the nodes again that do not run.
func (e *Engine) Attach(ctx context.Context, spec engine.Spec, _ engine.Ledger, progress engine.Progress) (engine.Cluster, error) {
	if c := e.held(spec.ID); c != nil {
		return c.offer(), nil
	}
	if !wasUp(spec) {
		return nil, engine.ErrNotFound
	}
	docker, _, err := e.docker()
	if err != nil {
		return nil, err
	}
	c := newCluster(spec, docker, e.cfg.Log)
	progress("starting the nodes")
	if err := attended(ctx, docker, func(ctx context.Context) error { return c.resume(ctx, progress) }); err != nil {
		c.end(nil)
		return nil, errors.Join(err, docker.Close())
	}
	return e.hold(c).offer(), nil
}

// Down removes the cluster's nodes, with their volumes, and its directory.
func (e *Engine) Down(ctx context.Context, spec engine.Spec) error {
	e.mu.Lock()
	c := e.clusters[spec.ID]
	delete(e.clusters, spec.ID)
	e.mu.Unlock()
	if c != nil {
		c.end(nil)
	}
	docker, _, err := e.docker()
	if err != nil {
		return err
	}
	err = attended(ctx, docker, func(ctx context.Context) error { return e.remove(ctx, docker, spec) })
	return errors.Join(err, docker.Close())
}

// remove is Down with an engine that is open. What is somebody else's stays.
func (e *Engine) remove(ctx context.Context, docker *container.Client, spec engine.Spec) error {
	mine, err := owned(ctx, docker, clusterName(spec.ID), spec.Dir)
	if err != nil {
		return err
	}
	// First of all: from here on it is the rest of a cluster.
	if err := os.Remove(filepath.Join(spec.Dir, upFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if mine {
		if err := purge(ctx, docker, clusterName(spec.ID), spec.Dir); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(spec.Dir); err != nil {
		return fmt.Errorf("remove the cluster's files: %w", err)
	}
	return nil
}

func (e *Engine) hold(c *Cluster) *Cluster {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clusters[c.spec.ID] = c
	return c
}

// held returns the cluster if this process has it and it is alive.
func (e *Engine) held(id engine.ID) *Cluster {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.clusters[id]
	if c == nil {
		return nil
	}
	select {
	case <-c.Done():
		delete(e.clusters, id)
		return nil
	default:
		return c
	}
}

func wasUp(spec engine.Spec) bool {
	_, err := os.Stat(filepath.Join(spec.Dir, upFile))
	return err == nil
}

// note writes the nodes down before they are made.
func note(led engine.Ledger, name string) (ledger.Token, error) {
	t, err := led.Begin(ledger.Entry{Kind: kindContainer, Name: name})
	if err != nil {
		return t, fmt.Errorf("note %s in the ledger: %w", name, err)
	}
	return t, nil
}
