package kind

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// Whether a cluster resets is in its nodes, not in what they are called.
func TestOnlyNodesWithTheProgramReset(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		resets bool
		fails  bool
	}{
		"labctl's image":       {http.StatusOK, true, false},
		"kind's image":         {http.StatusNotFound, false, false},
		"Docker does not work": {http.StatusInternalServerError, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/containers/labctl-x-control-plane/archive") || r.URL.Query().Get("path") != resetProgram {
					w.Header().Set("Api-Version", "1.41") // a ping
					return
				}
				w.Header().Set("X-Docker-Container-Path-Stat", base64.StdEncoding.EncodeToString([]byte(`{"name": "labctl-reset"}`)))
				w.WriteHeader(test.status)
			}))
			t.Cleanup(server.Close)
			docker, err := container.New("tcp://" + server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = docker.Close() })
			c := newCluster(engine.Spec{ID: "x"}, docker, slog.New(slog.DiscardHandler))
			if err := c.findAbilities(t.Context()); (err != nil) != test.fails {
				t.Errorf("got %v", err)
			}
			if _, resets := c.offer().(engine.Resetter); resets != test.resets {
				t.Errorf("it resets: %v, want %v", resets, test.resets)
			}
		})
	}
}
