package kind

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// resetProgram is what labctl's node image has, and kind's has not: see
// cmd/labkube/kindnode/nodereset.
const resetProgram = "/usr/bin/labctl-reset"

// resetter is a Cluster whose nodes can go back to a baseline. Those of kind's own
// image cannot: they are made anew.
type resetter struct{ *Cluster }

var _ engine.Resetter = resetter{}

// offer is the cluster with all that its nodes are able to do.
func (c *Cluster) offer() engine.Cluster {
	if c.resets {
		return resetter{c}
	}
	return c
}

// findAbilities looks at what is in the nodes. It does not go by the name of their
// image: they may be older than this labctl.
func (c *Cluster) findAbilities(ctx context.Context) error {
	_, err := c.docker.API.ContainerStatPath(ctx, c.first(), resetProgram)
	c.resets = err == nil
	if err != nil && !container.Gone(err) {
		return fmt.Errorf("look into the node %s: %w", c.first(), err)
	}
	return nil
}

// first names the node that holds the control plane.
func (c *Cluster) first() string { return c.name() + "-" + controlPlane }

// Baseline makes the present state the one that Reset returns to.
func (r resetter) Baseline(ctx context.Context) error { return r.ask(ctx, "save", "baseline") }

// Reset returns to the baseline.
func (r resetter) Reset(ctx context.Context) error {
	// Workers that are off were on at the baseline, and have volumes to put back.
	if err := r.startAll(ctx); err != nil {
		return err
	}
	if err := r.ask(ctx, "restore", "reset"); err != nil {
		return err
	}
	// The cluster is back whatever they answer: they resume by themselves after a while,
	// and nodes made by an older labctl, which know no such verb, never paused.
	if err := r.askWorkers(ctx, "resume"); err != nil {
		r.log.Warn("volumes are not reclaimed yet", "error", err)
	}
	return nil
}

// ask has all workers do one thing, and then the first node another.
func (r resetter) ask(ctx context.Context, workers, first string) error {
	if err := r.askWorkers(ctx, workers); err != nil {
		return err
	}
	return r.run(ctx, r.first(), first)
}

func (r resetter) askWorkers(ctx context.Context, verb string) error {
	all, err := nodes(ctx, r.docker, r.name())
	if err != nil {
		return err
	}
	asking, asked := errgroup.WithContext(ctx)
	for _, n := range all {
		if n.Labels[roleLabel] != controlPlane {
			asking.Go(func() error { return r.run(asked, nodeName(n), verb) })
		}
	}
	return asking.Wait()
}

// run runs the program in a node and waits for its end. It goes on without ctx; one
// that is asked for later waits for it.
func (r resetter) run(ctx context.Context, node, verb string) error {
	var out, said bytes.Buffer
	code, err := r.docker.Exec(ctx, node, []string{resetProgram, verb}, &out, &said)
	if err != nil {
		return fmt.Errorf("run %s %s in the node %s: %w", resetProgram, verb, node, err)
	}
	r.log.Info(verb, "node", node, "code", code, "answer", strings.TrimSpace(out.String()), "log", strings.TrimSpace(said.String()))
	if code == 0 {
		return nil
	}
	var failure struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(out.Bytes(), &failure) == nil && failure.Error != "" {
		return fmt.Errorf("node %s: %s", node, failure.Error)
	}
	return fmt.Errorf("node %s: %s %s ended with exit code %d: %s", node, resetProgram, verb, code, strings.TrimSpace(said.String()))
}

// startAll starts the workers that are off and waits until they are ready.
func (r resetter) startAll(ctx context.Context) error {
	all, err := nodes(ctx, r.docker, r.name())
	if err != nil {
		return err
	}
	began := time.Now()
	var started []string
	for _, n := range all {
		if n.Labels[roleLabel] == controlPlane {
			continue
		}
		// A list may be of a moment ago, when a node that was just stopped still ran.
		now, err := r.docker.API.ContainerInspect(ctx, n.ID)
		if err != nil {
			return fmt.Errorf("look at the node %s: %w", nodeName(n), err)
		}
		if now.State.Running {
			continue
		}
		if err := r.StartNode(ctx, nodeName(n)); err != nil {
			return err
		}
		started = append(started, nodeName(n))
	}
	return r.waitNodes(ctx, started, began)
}
