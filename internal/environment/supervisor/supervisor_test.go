package supervisor_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/fake"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
	"labctl.dev/labctl/internal/lab"
)

const tiny = `apiVersion: labctl.dev/v1alpha1
name: tiny
title: Tiny
summary: A lab of one task.
level: beginner
minutes: 1
needs: {}
tasks:
- id: one
  title: One
  hints: [One.]
  checks:
  - id: one
    title: One
    expect:
    - script: {file: one.sh}
`

// world is a supervisor in this process, over the fake engine.
type world struct {
	home   environment.Home
	engine *fake.Engine
	client *supervisor.Client
	ended  chan error
}

func serve(t *testing.T, e *fake.Engine) *world {
	t.Helper()
	w := &world{
		home:   environment.Home{Dir: t.TempDir(), Owner: engine.Owner{UID: os.Getuid(), GID: os.Getgid()}},
		engine: e, ended: make(chan error, 1),
	}
	e.Root = filepath.Join(w.home.Dir, "machine")
	w.client = supervisor.Connect("tiny", w.home.EnvDir("tiny"))
	w.run(t)
	return w
}

func (w *world) run(t *testing.T) {
	t.Helper()
	s := &supervisor.Server{Home: w.home, Name: "tiny", Log: slog.New(slog.DiscardHandler), Open: w.open}
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	go func() { w.ended <- s.Serve(ctx, func() { close(ready) }) }()
	t.Cleanup(cancel)
	select {
	case <-ready:
	case err := <-w.ended:
		t.Fatal(err)
	}
}

func (w *world) open(_ context.Context, req supervisor.Request) (*environment.Lifecycle, bool, error) {
	src, problems := lab.Load(fstest.MapFS{"lab.yaml": {Data: []byte(tiny)}}, "tiny")
	if err := problems.Err(); err != nil {
		return nil, false, err
	}
	setup := environment.Setup{Engine: w.engine, Lab: src, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	if env, err := w.home.Open("tiny"); err == nil {
		life, err := setup.Reopen(env)
		return life, true, err
	}
	life, err := setup.New(w.home, "tiny", req.Seed, req.Capabilities)
	return life, false, err
}

func (w *world) gone(t *testing.T) {
	t.Helper()
	if err := <-w.ended; err != nil {
		t.Errorf("the supervisor ended with %v", err)
	}
	left, err := w.engine.Leftovers(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(w.home.EnvDir("tiny")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state is still there: %v", err)
	}
}

// steps records what an observer is told.
type steps struct {
	mu      sync.Mutex
	done    []string
	started chan string
}

func (s *steps) StepStarted(name string) {
	if s.started != nil {
		s.started <- name
	}
}
func (s *steps) Progress(string) {}
func (s *steps) StepDone(name string, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, name)
}

func code(err error) string {
	var p *environment.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func TestStartResetKeepResume(t *testing.T) {
	w := serve(t, &fake.Engine{})
	seen := &steps{}
	result, err := w.client.Start(t.Context(), supervisor.Request{Seed: 3}, seen)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"state", "engine", "workspace", "baseline"}; !slices.Equal(seen.done, want) || len(result.Steps) != len(want) {
		t.Errorf("saw %v, told of %v, want %v", seen.done, result.Steps, want)
	}
	if s, err := w.client.Status(t.Context()); err != nil || s.State != supervisor.Running || s.Health != "" {
		t.Errorf("status %+v, %v", s, err)
	}
	if again, err := w.client.Start(t.Context(), supervisor.Request{}, &steps{}); err != nil || !again.Resumed || len(again.Steps) > 0 {
		t.Errorf("a second start did something: %+v, %v", again, err)
	}
	if _, err := w.client.Reset(t.Context(), &steps{}); err != nil {
		t.Errorf("reset: %v", err)
	}
	if err := w.client.Node(t.Context(), "n1", "stop"); err != nil {
		t.Error(err)
	}
	if s, err := w.client.Status(t.Context()); err != nil || s.Health == "" {
		t.Errorf("a node is off and nobody says so: %+v, %v", s, err)
	}
	stop(t, w, supervisor.Keep)
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
	w.run(t)
	if result, err := w.client.Start(t.Context(), supervisor.Request{}, &steps{}); err != nil || !result.Resumed {
		t.Errorf("not resumed: %+v, %v", result, err)
	}
	stop(t, w, supervisor.Remove)
	w.gone(t)
}

func stop(t *testing.T, w *world, mode supervisor.StopMode) {
	t.Helper()
	if _, err := w.client.Stop(t.Context(), mode, &steps{}); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestAStartIsTakenBack(t *testing.T) {
	slow := func() *fake.Engine { return &fake.Engine{Delay: 30 * time.Second} }
	tests := map[string]struct {
		engine func() *fake.Engine
		// during is done while the engine is at work.
		during func(t *testing.T, w *world, cancel context.CancelFunc)
		code   string
	}{
		"when it fails": {
			func() *fake.Engine {
				return &fake.Engine{Fail: func(phase string) error {
					if phase == "node" {
						return errors.New("no node")
					}
					return nil
				}}
			},
			func(*testing.T, *world, context.CancelFunc) {}, environment.CodeEngine,
		},
		"when the client cancels": {
			slow, func(_ *testing.T, _ *world, cancel context.CancelFunc) { cancel() }, environment.CodeInterrupted,
		},
		"when it is stopped": {
			slow, func(t *testing.T, w *world, _ context.CancelFunc) { stop(t, w, supervisor.Remove) }, environment.CodeInterrupted,
		},
		"but not by another start": {
			slow, func(t *testing.T, w *world, cancel context.CancelFunc) {
				if _, err := w.client.Start(t.Context(), supervisor.Request{}, &steps{}); code(err) != environment.CodeBusy {
					t.Errorf("another start: %v", err)
				}
				if _, err := w.client.Reset(t.Context(), &steps{}); code(err) != environment.CodeNotRunning {
					t.Errorf("a reset: %v", err)
				}
				cancel()
			}, environment.CodeInterrupted,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := serve(t, tt.engine())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			seen := &steps{started: make(chan string, 10)}
			failed := make(chan error, 1)
			go func() {
				_, err := w.client.Start(ctx, supervisor.Request{}, seen)
				failed <- err
			}()
			for name := range seen.started {
				if name == "engine" {
					break
				}
			}
			tt.during(t, w, cancel)
			if err := <-failed; code(err) != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
			w.gone(t)
		})
	}
}

func TestABrokenClusterIsReportedAndMended(t *testing.T) {
	e := &fake.Engine{}
	w := serve(t, e)
	if _, err := w.client.Start(t.Context(), supervisor.Request{}, &steps{}); err != nil {
		t.Fatal(err)
	}
	e.BreakAll(errors.New("the node is on fire"))
	s, err := w.client.Status(t.Context())
	if err != nil || s.State != supervisor.Broken || s.Health != "the node is on fire" {
		t.Errorf("status %+v, %v", s, err)
	}
	if result, err := w.client.Start(t.Context(), supervisor.Request{}, &steps{}); err != nil || !result.Resumed {
		t.Errorf("not mended: %+v, %v", result, err)
	}
	stop(t, w, supervisor.Discard)
	w.gone(t)
}
