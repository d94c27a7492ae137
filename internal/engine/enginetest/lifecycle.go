package enginetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
)

func (s *suite) upTwice(t *testing.T) {
	e := s.New()
	spec, led := s.spec(t)
	first := s.up(t, e, spec, led)
	second := s.up(t, e, spec, led)
	if first.Port() != second.Port() || first.Kubeconfig() != second.Kubeconfig() {
		t.Errorf("the second Up made another cluster: port %d, then %d", first.Port(), second.Port())
	}
	if err := second.Health(t.Context()); err != nil {
		t.Errorf("not healthy: %v", err)
	}
}

func (s *suite) attach(t *testing.T) {
	spec, led := s.spec(t)
	if _, err := s.New().Attach(t.Context(), spec, led, engine.Quiet); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("attach to nothing: got %v, want ErrNotFound", err)
	}
	e := s.New()
	if err := s.up(t, e, spec, led).Close(t.Context()); err != nil {
		t.Fatalf("close: %v", err)
	}
	other := s.New()
	ctx, cancel := context.WithTimeout(t.Context(), s.Timeout)
	defer cancel()
	cluster, err := other.Attach(ctx, spec, led, engine.Quiet)
	if err != nil {
		t.Fatalf("attach: %v", err)
	}
	if err := cluster.Health(ctx); err != nil {
		t.Errorf("not healthy after attach: %v", err)
	}
	s.down(t, other, spec)
	s.gone(t, spec)
}

func (s *suite) downLeavesNothing(t *testing.T) {
	e := s.New()
	spec, led := s.spec(t)
	s.down(t, e, spec) // of nothing
	s.up(t, e, spec, led)
	s.down(t, e, spec)
	s.gone(t, spec)
	s.down(t, e, spec) // again
	s.down(t, s.New(), spec)
}

func (s *suite) twoAtOnce(t *testing.T) {
	e := s.New()
	var wg sync.WaitGroup
	clusters := make([]engine.Cluster, 2)
	specs := make([]engine.Spec, 2)
	for i := range clusters {
		spec, led := s.spec(t)
		specs[i] = spec
		t.Cleanup(func() { s.down(t, e, spec) })
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 2*s.Timeout)
			defer cancel()
			cluster, err := e.Up(ctx, spec, led, engine.Quiet)
			if err != nil {
				t.Errorf("up %d: %v", i, err)
			}
			clusters[i] = cluster
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if p := clusters[0].Port(); p != 0 && p == clusters[1].Port() {
		t.Errorf("both have the port %d", p)
	}
	s.down(t, e, specs[0])
	if err := clusters[1].Health(t.Context()); err != nil {
		t.Errorf("the end of one broke the other: %v", err)
	}
}

func (s *suite) doneAfterClose(t *testing.T) {
	e := s.New()
	spec, led := s.spec(t)
	cluster := s.up(t, e, spec, led)
	select {
	case <-cluster.Done():
		t.Fatalf("done before its end: %v", cluster.Err())
	default:
	}
	for range 2 {
		if err := cluster.Close(t.Context()); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	select {
	case <-cluster.Done():
	case <-time.After(5 * time.Second):
		t.Error("not done after close")
	}
}

func (s *suite) cancelled(t *testing.T) {
	for _, moment := range s.Moments {
		t.Run(moment.String(), func(t *testing.T) {
			e := s.New()
			spec, led := s.spec(t)
			ctx, cancel := context.WithTimeout(t.Context(), moment)
			defer cancel()
			_, err := e.Up(ctx, spec, led, engine.Quiet)
			if err == nil {
				s.down(t, e, spec) // it was quicker
			} else if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the error does not wrap the context's: %v", err)
			}
			s.gone(t, spec)
		})
	}
}
