// Package control serves the node's control API, over which labctl looks after
// it: HTTP and JSON on a unix socket inherited from labinit.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"labctl.dev/labctl/cmd/labkube/component"
)

// healthDeadline bounds a health request: a component that takes longer is not well.
const healthDeadline = 2 * time.Second

// API is the control API of one node.
type API struct {
	group *component.Group
	mux   *http.ServeMux
	log   *slog.Logger
}

// Health is the answer to GET /healthz.
type Health struct {
	Ready      bool               `json:"ready"`
	Components []component.Status `json:"components"`
}

// Failure is the answer to a request that failed.
type Failure struct {
	Error string `json:"error"`
}

// New returns an API that knows only GET /healthz.
func New(group *component.Group, log *slog.Logger) *API {
	a := &API{group: group, mux: http.NewServeMux(), log: log}
	a.mux.HandleFunc("GET /healthz", a.health)
	return a
}

// Handle adds a request such as "POST /reset". What handle returns is the
// answer; an error makes it a Failure with status 500.
func (a *API) Handle(pattern string, handle func(*http.Request) (any, error)) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		answer, err := handle(r)
		if err != nil {
			a.log.Error("control request failed", "request", pattern, "error", err)
			write(w, http.StatusInternalServerError, Failure{Error: err.Error()})
			return
		}
		write(w, http.StatusOK, answer)
	})
}

// Serve answers requests until ctx ends.
func (a *API) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:     a.mux,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (a *API) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthDeadline)
	defer cancel()
	health := Health{Ready: true, Components: a.group.Health(ctx)}
	status := http.StatusOK
	for _, c := range health.Components {
		if !c.OK {
			health.Ready, status = false, http.StatusServiceUnavailable
		}
	}
	write(w, status, health)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have left
}
