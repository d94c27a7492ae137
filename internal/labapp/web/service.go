package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/metrics"
)

type service struct {
	cfg     *Config
	log     *slog.Logger
	exit    func(int)
	started time.Time

	warm     atomic.Bool // the ready delay has passed
	draining atomic.Bool
	inFlight atomic.Int64

	faults   *faults
	ballast  *ballast
	store    store
	registry *metrics.Registry
	requests *metrics.Counter
	duration *metrics.Histogram
}

func newService(cfg *Config, log *slog.Logger, exit func(int)) *service {
	s := &service{
		cfg: cfg, log: log, exit: exit, started: time.Now(),
		faults:  newFaults(cfg),
		ballast: &ballast{},
		store:   newStore(cfg),
	}
	s.registry = &metrics.Registry{}
	s.requests = s.registry.Counter("http_requests_total", "Requests answered.", "code", "method", "handler")
	s.duration = s.registry.Histogram("http_request_duration_seconds", "Time to answer, in seconds.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "handler")
	s.registry.Gauge("http_requests_in_flight", "Requests being answered.", func() float64 { return float64(s.inFlight.Load()) })
	s.registry.Info("labapp_build_info", "The version that runs.", []string{"version"}, []string{cfg.Version})
	s.registry.Gauge("labapp_ready", "1 when /readyz says yes.", func() float64 {
		if s.unready() == "" {
			return 1
		}
		return 0
	})
	s.registry.Gauge("process_start_time_seconds", "When it started, in seconds since 1970.",
		func() float64 { return float64(s.started.UnixMilli()) / 1000 })
	s.registry.Gauge("process_resident_memory_bytes", "Memory it holds.", residentMemory)
	return s
}

// serve answers on listener until ctx ends, then leaves as ON_SIGTERM says.
func (s *service) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	s.ballast.allocate(s.cfg.Memory)
	s.ballast.burn(work, s.cfg.CPU)
	s.warmUp(work)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.log.Info("listening", "address", listener.Addr().String(), "version", s.cfg.Version, "pod", s.cfg.PodName)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if s.cfg.OnSIGTERM == exitOnTerm || s.faults.state().Hanging {
		s.log.Warn("told to stop: leaving at once, dropping what is in flight", "inFlight", s.inFlight.Load())
		_ = server.Close() // the process ends anyway
		return applet.Exit(143)
	}
	return s.drain(work, server)
}

// warmUp makes the service ready, at once when there is no delay.
func (s *service) warmUp(ctx context.Context) {
	if s.cfg.ReadyDelay <= 0 {
		s.warm.Store(true)
		return
	}
	go func() {
		if pause(ctx, s.cfg.ReadyDelay) {
			s.warm.Store(true)
			s.log.Info("ready")
		}
	}()
}

// drain serves on while the rest of the cluster learns that this pod is
// leaving, then finishes the requests in flight.
func (s *service) drain(ctx context.Context, server *http.Server) error {
	s.draining.Store(true)
	s.log.Info("told to stop: unready now, draining", "delay", s.cfg.ShutdownDelay.String(), "inFlight", s.inFlight.Load())
	pause(ctx, s.cfg.ShutdownDelay)
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.log.Error("requests still in flight were dropped", "inFlight", s.inFlight.Load())
		_ = server.Close() // the process ends anyway
		return applet.Exit(1)
	} else if err != nil {
		return err
	}
	s.log.Info("stopped")
	return nil
}

// unready says why the service is not ready, "" when it is.
func (s *service) unready() string {
	switch {
	case s.draining.Load():
		return "shutting down"
	case !s.warm.Load():
		return "warming up"
	case s.faults.state().Unready:
		return "made unready by /admin"
	}
	return ""
}

func residentMemory() float64 {
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	return float64(secondField(content)) * float64(os.Getpagesize())
}

func secondField(content []byte) (n int64) {
	field := 0
	for _, c := range content {
		switch {
		case c == ' ':
			field++
		case field == 1 && c >= '0' && c <= '9':
			n = n*10 + int64(c-'0')
		}
	}
	return n
}
