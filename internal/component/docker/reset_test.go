//go:build linux

package docker

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"labctl.dev/labctl/internal/component"
)

// store answers as an engine would that has these things. Those of refused are
// refused once, with a status.
type store struct {
	containers map[string]bool
	images     map[string][]string // tags by ID
	refused    map[string]int
	pruned     bool
}

func (s *store) client(t *testing.T) *client.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.45"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1.45/"), "/")
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodDelete {
		if status := s.refused[name]; status != 0 {
			delete(s.refused, name)
			w.WriteHeader(status)
			fmt.Fprint(w, `{"message":"not now"}`)
			return
		}
		delete(s.containers, name)
		delete(s.images, name)
		for id, tags := range s.images {
			s.images[id] = slices.DeleteFunc(tags, func(tag string) bool { return tag == name })
		}
		fmt.Fprint(w, `[]`)
		return
	}
	type thing struct {
		ID       string `json:"Id"`
		RepoTags []string
	}
	list := []thing{}
	switch kind {
	case "containers":
		for id := range s.containers {
			list = append(list, thing{ID: id})
		}
	case "images":
		for id, tags := range s.images {
			list = append(list, thing{id, tags})
		}
	case "volumes":
		fmt.Fprint(w, `{}`)
		return
	case "build":
		s.pruned = true
		fmt.Fprint(w, `{}`)
		return
	}
	_ = json.NewEncoder(w).Encode(list)
}

func TestResetGoesOnUntilNothingIsLeft(t *testing.T) {
	s := &store{images: map[string][]string{"sha256:lab": {"labctl.dev/web:v1"}}}
	e := &Engine{spec: component.Spec{Dir: t.TempDir()}, client: s.client(t)}
	if err := e.Baseline(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.containers = map[string]bool{"a": true, "going": true}
	s.images = map[string][]string{"sha256:lab": {"mine:1", "labctl.dev/web:v1"}, "sha256:new": {"labctl.dev/web:v2"}}
	s.refused = map[string]int{"going": http.StatusConflict, "a": http.StatusNotFound}
	if err := e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"sha256:lab": {"labctl.dev/web:v1"}}
	if len(s.containers) > 0 || !maps.EqualFunc(s.images, want, slices.Equal) || !s.pruned {
		t.Errorf("left %v %v, cache pruned: %v", s.containers, s.images, s.pruned)
	}

	s.containers = map[string]bool{"a": true}
	s.refused = map[string]int{"a": http.StatusInternalServerError}
	if err := e.Reset(t.Context()); err == nil || !strings.Contains(err.Error(), "remove the container a") {
		t.Errorf("an engine that fails: %v", err)
	}
	if err := os.Remove(filepath.Join(e.spec.Dir, baselineName)); err != nil {
		t.Fatal(err)
	}
	if err := e.Reset(t.Context()); err == nil {
		t.Error("without a baseline, everything is removed")
	}
}
