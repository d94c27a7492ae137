package web

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// handler is the whole chain.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	app := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, s.faulty(h)) }
	app("GET /{$}", s.index)
	app("GET /version", s.version)
	app("/echo", s.echo)
	app("GET /slow", s.slow)
	app("GET /private", s.private)
	app("GET /kv/{$}", s.listKeys)
	app("GET /kv/{key}", s.getKey)
	app("PUT /kv/{key}", s.putKey)
	app("DELETE /kv/{key}", s.deleteKey)
	mux.HandleFunc("GET /env", s.inspect)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /livez", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /metrics", s.metrics)
	s.adminRoutes(mux)
	return s.identify(s.observe(s.hanging(mux)))
}

// identify says who answers, so that a client can tell backends apart, and
// moves clients off a draining pod: their next request opens a new connection.
func (s *service) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Labapp-Pod", s.cfg.PodName)
		w.Header().Set("X-Labapp-Version", s.cfg.Version)
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// observe counts and logs every request.
func (s *service) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		begun := time.Now()
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		took := time.Since(begun)
		pattern := r.Pattern // the mux has set it
		if pattern == "" {
			pattern = "other"
		}
		_, path, ok := strings.Cut(pattern, " ")
		if !ok {
			path = pattern
		}
		path = strings.TrimSuffix(path, "{$}")
		s.requests.Inc(strconv.Itoa(recorder.status), method(r), path)
		s.duration.Observe(took.Seconds(), path)
		if s.cfg.LogProbes || !quiet(path, recorder.status) {
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", recorder.status),
				slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("bytes", recorder.bytes),
				slog.String("remote", r.RemoteAddr))
		}
	})
}

// method keeps clients from inventing label values.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// quiet endpoints are logged only when they fail.
func quiet(path string, status int) bool {
	switch path {
	case "/healthz", "/livez", "/readyz", "/metrics":
		return status < 400
	}
	return false
}

func (s *service) hanging(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/admin") {
			s.faults.wait(r.Context())
		}
		next.ServeHTTP(w, r)
	})
}

// faulty adds the injected latency and failures; a service that warms up
// answers 503.
func (s *service) faulty(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.warm.Load() {
			http.Error(w, "warming up", http.StatusServiceUnavailable)
			return
		}
		if !pause(r.Context(), time.Duration(s.faults.state().LatencyMS)*time.Millisecond) {
			return // the client has left
		}
		if s.faults.fails() {
			http.Error(w, "failing on purpose", s.cfg.FailureCode)
			return
		}
		next(w, r)
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
