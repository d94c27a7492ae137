// Package enginetest is the conformance suite that every engine passes, the
// fake included. What an engine cannot do by its own account is skipped, with
// the reason.
//
//	func TestMain(m *testing.M) { enginetest.Main(m, newEngine) }
//	func TestConformance(t *testing.T) { enginetest.Run(t, enginetest.Options{New: newEngine}) }
package enginetest

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
)

// Options are what the suite has to know of an engine.
type Options struct {
	// New makes the engine anew, as another process would. It is called in
	// processes of their own, too: see Main.
	New func() engine.Engine
	// Bin is the directory of helper binaries; may be empty.
	Bin string
	// Timeout is how long one cluster may take to come up; a minute if 0.
	Timeout time.Duration
	// Image opens an archive with one image that serves HTTP on port 8080 and
	// has a shell with cat and wget, and names it. Nil skips what needs it.
	Image func(context.Context) (archive io.ReadCloser, ref string, err error)
	// Moments are when, after its begin, Up is cancelled or killed; some between
	// 0 and 2 s if empty.
	Moments []time.Duration
}

// Run runs the suite.
func Run(t *testing.T, o Options) {
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if len(o.Moments) == 0 {
		o.Moments = []time.Duration{0, 50 * time.Millisecond, 300 * time.Millisecond, time.Second, 2 * time.Second}
	}
	caps, err := o.New().Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !caps.Available {
		t.Skipf("the engine cannot run here: %s", caps.Reason)
	}
	s := &suite{Options: o, caps: caps}
	t.Run("up twice", s.upTwice)
	t.Run("attach", s.attach)
	t.Run("down leaves nothing", s.downLeavesNothing)
	t.Run("two at once", s.twoAtOnce)
	t.Run("done after close", s.doneAfterClose)
	t.Run("reset", s.reset)
	t.Run("node loss", s.nodeLoss)
	t.Run("workload", s.workload)
	t.Run("cancelled half way", s.cancelled)
	t.Run("killed half way", s.killed)
	t.Run("leftovers found without state", s.leftovers)
}

type suite struct {
	Options
	caps engine.Capabilities
}

// need skips a test of something the engine says it cannot do.
func (s *suite) need(t *testing.T, c engine.Capability) {
	t.Helper()
	if !slices.Contains(s.caps.Has, c) {
		t.Skipf("the engine has no %s", c)
	}
}

// spec is a cluster of one node that nobody else has.
func (s *suite) spec(t *testing.T) (engine.Spec, *ledger.Ledger) {
	dir := t.TempDir()
	return engine.Spec{
		ID: engine.ID("conf-" + strings.ToLower(rand.Text()[:8])), Dir: filepath.Join(dir, "engine"), Bin: s.Bin, Nodes: 1,
		Owner: engine.Owner{UID: os.Getuid(), GID: os.Getgid()},
	}, ledger.At(filepath.Join(dir, "ledger.jsonl"))
}

// up brings a cluster up, and down again when the test ends.
func (s *suite) up(t *testing.T, e engine.Engine, spec engine.Spec, led *ledger.Ledger) engine.Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.Timeout)
	defer cancel()
	cluster, err := e.Up(ctx, spec, led, engine.Quiet)
	if err != nil {
		t.Fatalf("up: %v", err)
	}
	t.Cleanup(func() { s.down(t, e, spec) })
	if r, ok := cluster.(engine.Settler); ok {
		if err := r.AwaitReady(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return cluster
}

func (s *suite) down(t *testing.T, e engine.Engine, spec engine.Spec) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), s.Timeout)
	defer cancel()
	if err := e.Down(ctx, spec); err != nil {
		t.Errorf("down: %v", err)
	}
}

// gone fails the test if anything of the cluster is left.
func (s *suite) gone(t *testing.T, spec engine.Spec) {
	t.Helper()
	if left := s.left(t, spec.ID); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := os.Lstat(spec.Dir); err == nil {
		t.Errorf("%s is still there", spec.Dir)
	}
}

// left is what another process finds of a cluster.
func (s *suite) left(t *testing.T, id engine.ID) []engine.Resource {
	t.Helper()
	all, err := s.New().Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r engine.Resource) bool { return r.ID != id })
}
