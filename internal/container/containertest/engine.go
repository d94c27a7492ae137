// Package containertest is a Docker Engine for tests: the part of its API that
// labctl uses to stop containers and to bring them back, in version 1.41.
package containertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"labctl.dev/labctl/internal/container"
)

// Container is one that the engine has.
type Container struct {
	ID, Name         string
	Labels           map[string]string
	Running, Paused  bool
	Restarting       bool
	AutoRemove       bool
	Starts           int      // how often it was started
	Networks         []string // IDs; a network's name is its ID without "-id"
	Mode, Port       string
	Image, ImageName string
}

// Engine has containers. Its fields are set before it is asked.
type Engine struct {
	// Down has it answer as labctl's proxy does for an engine that is gone.
	Down bool
	// Before is told of each change that is asked for, and may refuse it.
	Before func(change string) error

	mu         sync.Mutex
	containers []*Container
	changes    []string
}

// Start serves an engine, and returns a client of it.
func Start(t *testing.T, e *Engine, containers ...*Container) *container.Client {
	t.Helper()
	e.containers = containers
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	client, err := container.New("tcp://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Changes are what was asked for, as "stop web", oldest first.
func (e *Engine) Changes() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.changes)
}

// Get returns a container by its name; nil if there is none.
func (e *Engine) Get(name string) *Container {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.get(name)
}

// get finds one as engines do: by ID, by name, by the beginning of an ID.
func (e *Engine) get(word string) *Container {
	for _, fits := range []func(*Container) bool{
		func(c *Container) bool { return c.ID == word },
		func(c *Container) bool { return c.Name == word },
		func(c *Container) bool { return strings.HasPrefix(c.ID, word) },
	} {
		if i := slices.IndexFunc(e.containers, fits); i >= 0 {
			return e.containers[i]
		}
	}
	return nil
}

var path = regexp.MustCompile(`^(?:/v[0-9.]+)?/([^/]+)(?:/([^/]+))?(?:/([^/]+))?$`)

func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Content-Type", "application/json")
	parts := path.FindStringSubmatch(r.URL.Path)
	switch {
	case e.Down:
		refuse(w, http.StatusServiceUnavailable, "labctl: Docker does not answer")
	case parts == nil:
		refuse(w, http.StatusNotImplemented, r.URL.Path)
	case parts[1] == "_ping":
	case parts[1] == "networks":
		e.network(w, r, parts[2], parts[3])
	case parts[1] == "containers" && parts[2] == "json":
		e.list(w, r)
	case parts[1] == "containers" && parts[2] == "create":
		e.create(w, r)
	case parts[1] == "containers":
		e.one(w, r, parts[2], parts[3])
	case parts[1] == "images":
		e.image(w, parts[2])
	default:
		refuse(w, http.StatusNotImplemented, r.URL.Path)
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	answer(w, map[string]string{"message": message})
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) } // the client may have left

// one answers what is about one container.
func (e *Engine) one(w http.ResponseWriter, r *http.Request, word, what string) {
	c := e.get(word)
	switch {
	case c == nil:
		refuse(w, http.StatusNotFound, "No such container: "+word)
	case what == "json":
		answer(w, c.inspected())
	case what == "wait":
		answer(w, map[string]int{"StatusCode": 0})
	default:
		e.change(w, r, c, what)
	}
}

func (e *Engine) change(w http.ResponseWriter, r *http.Request, c *Container, what string) {
	if r.Method == http.MethodDelete {
		what = "remove"
	}
	e.changes = append(e.changes, what+" "+c.Name)
	if e.Before != nil {
		if err := e.Before(what + " " + c.Name); err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
	}
	if err := e.do(c, what, r.URL.Query().Get("name")); err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (e *Engine) do(c *Container, what, name string) error {
	switch what {
	case "start":
		c.begin()
	case "restart":
		c.Running = false
		c.begin()
	case "stop", "kill":
		c.Running = false
	case "pause", "unpause":
		c.Paused = what == "pause"
	case "rename":
		if slices.ContainsFunc(e.containers, func(o *Container) bool { return o.Name == name }) {
			return fmt.Errorf("the container name %q is already in use", name)
		}
		c.Name = name
	case "remove":
		e.containers = slices.DeleteFunc(e.containers, func(o *Container) bool { return o == c })
	}
	return nil
}

func (c *Container) begin() {
	if !c.Running {
		c.Running, c.Starts = true, c.Starts+1
	}
}
