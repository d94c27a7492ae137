package supervisor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"labctl.dev/labctl/internal/engine/fake"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
)

// gate is an engine that stops before a phase until it is let through.
type gate struct {
	reached chan struct{}
	open    chan struct{}
}

func gated(phase string) (*fake.Engine, gate) {
	g := gate{make(chan struct{}), make(chan struct{})}
	return &fake.Engine{Fail: func(now string) error {
		if now == phase {
			g.reached <- struct{}{}
			<-g.open
		}
		return nil
	}}, g
}

func started(t *testing.T, e *fake.Engine) *world {
	t.Helper()
	w := serve(t, e)
	if _, err := w.client.Start(t.Context(), supervisor.Request{}, &steps{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// What a stop finds on disk only is for the client to remove, who is told.
func TestAStopDuringAResume(t *testing.T) {
	for _, mode := range []supervisor.StopMode{supervisor.Remove, supervisor.Discard, supervisor.Keep} {
		t.Run(string(mode), func(t *testing.T) {
			e := &fake.Engine{}
			w := started(t, e)
			stop(t, w, supervisor.Keep)
			if err := <-w.ended; err != nil {
				t.Fatal(err)
			}
			e.Delay = 30 * time.Second
			w.run(t)
			seen := &steps{started: make(chan string, 10)}
			failed := make(chan error, 1)
			go func() {
				_, err := w.client.Start(t.Context(), supervisor.Request{}, seen)
				failed <- err
			}()
			<-seen.started
			if _, err := w.client.Stop(t.Context(), mode, &steps{}); code(err) != environment.CodeNotRunning {
				t.Errorf("stop: %v", err)
			}
			if err := <-failed; code(err) != environment.CodeInterrupted {
				t.Errorf("the resume: %v", err)
			}
			if err := <-w.ended; err != nil || !w.home.Exists("tiny") {
				t.Errorf("the supervisor ended with %v; the state is there: %v", err, w.home.Exists("tiny"))
			}
		})
	}
}

// A reset waits for a look of `check --watch`, then keeps all checks away to its
// end, also when its client has gone.
func TestAResetKeepsChecksAway(t *testing.T) {
	e, g := gated("reset")
	w := started(t, e)
	env, err := w.home.Open("tiny")
	if err != nil {
		t.Fatal(err)
	}
	look := flock.New(env.CheckLock())
	if ok, err := look.TryRLock(); err != nil || !ok {
		t.Fatalf("no lock: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := &steps{started: make(chan string, 10)}
	done := make(chan error, 1)
	go func() {
		_, err := w.client.Reset(ctx, seen)
		done <- err
	}()
	if step := <-seen.started; step != "checks" {
		t.Errorf("the reset did not wait: %s", step)
	}
	if err := look.Unlock(); err != nil {
		t.Fatal(err)
	}
	<-g.reached
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the client: %v", err)
	}
	if ok, err := look.TryLock(); err != nil || ok {
		t.Errorf("a check may run amid the reset: %v", err)
	}
	close(g.open)
	if err := look.Lock(); err != nil {
		t.Error(err)
	}
	if err := look.Unlock(); err != nil {
		t.Error(err)
	}
	stop(t, w, supervisor.Remove)
	w.gone(t)
}

// Work on a node is an operation like others: the only one, and to its end.
func TestANodeIsStartedAlone(t *testing.T) {
	e, g := gated("start node")
	w := started(t, e)
	if err := w.client.Node(t.Context(), "n1", "stop"); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Node(t.Context(), "lab-control-plane", "stop"); code(err) != environment.CodeUnknownArgument {
		t.Errorf("a node that cannot be stopped: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.client.Node(ctx, "n1", "start") }()
	<-g.reached
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the client: %v", err)
	}
	err := w.client.Node(t.Context(), "n1", "start")
	if code(err) != environment.CodeBusy || !strings.Contains(err.Error(), "starting the node n1") {
		t.Errorf("a second start of the node: %v", err)
	}
	if _, err := w.client.Reset(t.Context(), &steps{}); code(err) != environment.CodeBusy {
		t.Errorf("a reset: %v", err)
	}
	close(g.open)
	deadline := time.Now().Add(10 * time.Second)
	for {
		s, err := w.client.Status(t.Context())
		if err == nil && s.Health == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the node is still off: %+v, %v", s, err)
		}
	}
	stop(t, w, supervisor.Remove)
	w.gone(t)
}

// Where the copy of the files is, is told also when the reset fails after it.
func TestAResetThatFailsTellsWhereTheFilesAre(t *testing.T) {
	w := started(t, &fake.Engine{Fail: func(phase string) error {
		if phase == "reset" {
			return errors.New("no reset")
		}
		return nil
	}})
	env, err := w.home.Open("tiny")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(env.WorkspaceDir(), "mine"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	result, err := w.client.Reset(t.Context(), &steps{})
	if code(err) != environment.CodeEngine {
		t.Errorf("the reset: %v", err)
	}
	if _, err := os.Stat(filepath.Join(result.Saved, "mine")); err != nil || result.Saved == "" {
		t.Errorf("the copy is not in %q: %v", result.Saved, err)
	}
	stop(t, w, supervisor.Discard)
	w.gone(t)
}
