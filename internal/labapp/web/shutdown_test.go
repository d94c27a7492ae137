package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"labctl.dev/labctl/internal/labapp/applet"
)

// running is a service on a real socket; stop sends its SIGTERM.
type running struct {
	*service
	address string
	stop    context.CancelFunc
	ended   chan error
}

func start(t *testing.T, env map[string]string) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{newService(configured(t, env), slog.New(slog.DiscardHandler), func(int) {}), listener.Addr().String(), stop, make(chan error, 1)}
	go func() { r.ended <- r.serve(ctx, listener) }()
	t.Cleanup(stop)
	eventually(t, r.warm.Load)
	return r
}

func TestRequestInFlightIsFinished(t *testing.T) {
	r := start(t, map[string]string{"SHUTDOWN_DELAY": "10ms"})
	body := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + r.address + "/slow?ms=300")
		if err != nil {
			body <- err.Error()
			return
		}
		defer response.Body.Close()
		content, _ := io.ReadAll(response.Body)
		body <- string(content)
	}()
	eventually(t, func() bool { return r.inFlight.Load() == 1 })
	r.stop()
	if got := <-body; got != "answered after 300 ms\n" {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("serve = %v, want nil", err)
	}
}

func TestExitOnTermDropsRequests(t *testing.T) {
	r := start(t, map[string]string{"ON_SIGTERM": "exit"})
	failed := make(chan error, 1)
	go func() {
		_, err := http.Get("http://" + r.address + "/slow?ms=60000")
		failed <- err
	}()
	eventually(t, func() bool { return r.inFlight.Load() == 1 })
	r.stop()
	if err := <-failed; err == nil {
		t.Error("the request in flight was answered")
	}
	var exit applet.Exit
	if err := <-r.ended; !errors.As(err, &exit) || exit != 143 {
		t.Errorf("serve = %v, want exit code 143", err)
	}
}

func TestDrainMovesKeptConnections(t *testing.T) {
	r := start(t, map[string]string{"SHUTDOWN_DELAY": "2s"})
	get := func() *http.Response {
		response, err := http.Get("http://" + r.address + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		return response
	}
	if get().Close {
		t.Error("a connection was closed before the drain")
	}
	r.stop()
	eventually(t, r.draining.Load)
	if response := get(); response.StatusCode != 200 || !response.Close {
		t.Errorf("while draining: %d, close %v; want 200, true", response.StatusCode, response.Close)
	}
	if response, err := http.Get("http://" + r.address + "/readyz"); err != nil || response.StatusCode != 503 {
		t.Errorf("readyz while draining: %v %v", response, err)
	}
}

// TestRollingRestartUnderLoad replaces backends one after the other behind a
// balancer that only follows /readyz, as a Service does, under steady load.
func TestRollingRestartUnderLoad(t *testing.T) {
	for name, test := range map[string]struct {
		env      map[string]string
		failures bool
	}{
		"graceful": {map[string]string{"SHUTDOWN_DELAY": "300ms", "LATENCY": "5ms"}, false},
		"abrupt":   {map[string]string{"ON_SIGTERM": "exit", "LATENCY": "5ms"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := &balancer{}
			for range 2 {
				b.add(start(t, test.env))
			}
			var total, failed atomic.Int64
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); b.load(ctx, &total, &failed) }()
			for range 3 {
				before := total.Load()
				eventually(t, func() bool { return total.Load() > before+50 })
				next := start(t, test.env)
				b.add(next)
				b.oldest().stop()
			}
			before := total.Load()
			eventually(t, func() bool { return total.Load() > before+50 })
			cancel()
			<-done
			if got := failed.Load() > 0; got != test.failures {
				t.Errorf("%d of %d requests failed", failed.Load(), total.Load())
			}
		})
	}
}
