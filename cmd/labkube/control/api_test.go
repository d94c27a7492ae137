package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"labctl.dev/labctl/cmd/labkube/component"
)

func newAPI(t *testing.T) (*component.Group, *API) {
	log := slog.New(slog.DiscardHandler)
	group := component.NewGroup(t.Context(), log)
	return group, New(group, log)
}

func get(t *testing.T, a *API, method, path string, into any) int {
	t.Helper()
	recorder := httptest.NewRecorder()
	a.mux.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	if into != nil {
		if err := json.Unmarshal(recorder.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %v", recorder.Body, err)
		}
	}
	return recorder.Code
}

func TestHealthz(t *testing.T) {
	group, api := newAPI(t)
	group.Check("one", func(context.Context) error { return nil })
	var health Health
	if code := get(t, api, http.MethodGet, "/healthz", &health); code != 200 || !health.Ready {
		t.Errorf("%d %+v", code, health)
	}
	group.Check("two", func(context.Context) error { return errors.New("down") })
	if code := get(t, api, http.MethodGet, "/healthz", &health); code != 503 || health.Ready || health.Components[1].Error != "down" {
		t.Errorf("%d %+v", code, health)
	}
}

func TestHandle(t *testing.T) {
	_, api := newAPI(t)
	if code := get(t, api, http.MethodPost, "/reset", nil); code != 404 {
		t.Errorf("a request nobody handles: %d", code)
	}
	var fail error
	api.Handle("POST /reset", func(*http.Request) (any, error) { return map[string]int{"ms": 7}, fail })
	var answer map[string]int
	if code := get(t, api, http.MethodPost, "/reset", &answer); code != 200 || answer["ms"] != 7 {
		t.Errorf("%d %v", code, answer)
	}
	fail = errors.New("no baseline")
	var failure Failure
	if code := get(t, api, http.MethodPost, "/reset", &failure); code != 500 || failure.Error != "no baseline" {
		t.Errorf("%d %v", code, failure)
	}
}
