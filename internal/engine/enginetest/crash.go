package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/proc"
)

// envSpec holds the cluster that a process of the suite's own brings up, to be
// killed.
const envSpec = "LABCTL_ENGINETEST_SPEC"

// Main runs the tests, or, in a process that the suite has started, brings a
// cluster up and waits to be killed. TestMain calls it.
func Main(m *testing.M, newEngine func() engine.Engine) {
	text := os.Getenv(envSpec)
	if text == "" {
		os.Exit(m.Run())
	}
	if err := hold(text, newEngine()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hold brings a cluster up, says so, and waits to be killed.
func hold(text string, e engine.Engine) error {
	var spec engine.Spec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return err
	}
	led := ledger.At(filepath.Join(filepath.Dir(spec.Dir), "ledger.jsonl"))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // the main of a process of its own
	defer stop()
	if _, err := e.Up(ctx, spec, led, engine.Quiet); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "up")
	<-ctx.Done()
	return nil
}

// crash brings a cluster up in a process of its own and kills that, after a
// moment or, if it is negative, once the cluster is up.
func (s *suite) crash(t *testing.T, spec engine.Spec, moment time.Duration) {
	t.Helper()
	data, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := proc.Command{Path: "/proc/self/exe", Env: append(os.Environ(), envSpec+"="+string(data)), Stdout: w, Stderr: os.Stderr}.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(moment)
	if moment < 0 {
		deadline = time.Now().Add(s.Timeout)
	}
	_ = r.SetReadDeadline(deadline)
	n, _ := r.Read(make([]byte, 2))
	if moment < 0 && n != 2 {
		t.Error("the cluster did not come up")
	}
	if err := p.Signal(os.Kill); err != nil {
		t.Error(err)
	}
	<-p.Done()
}

func (s *suite) killed(t *testing.T) {
	for _, moment := range s.Moments {
		t.Run(moment.String(), func(t *testing.T) {
			spec, _ := s.spec(t)
			s.crash(t, spec, moment)
			s.down(t, s.New(), spec)
			s.gone(t, spec)
		})
	}
}

// leftovers removes what a crash left with nothing but what Leftovers says.
func (s *suite) leftovers(t *testing.T) {
	spec, _ := s.spec(t)
	s.crash(t, spec, -1)
	e := s.New()
	for _, r := range s.left(t, spec.ID) {
		if r.Engine != e.Name() || r.Kind == "" || r.Name == "" {
			t.Errorf("incomplete: %+v", r)
		}
		for range 2 {
			if err := e.Remove(t.Context(), r); err != nil {
				t.Errorf("remove %+v: %v", r, err)
			}
		}
	}
	if left := s.left(t, spec.ID); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	s.down(t, e, spec)
	s.gone(t, spec)
}
