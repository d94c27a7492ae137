//go:build linux

package embedded

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/node"
)

// answering returns a control that a handler answers, in a directory too deep
// for a socket's path.
func answering(t *testing.T, handler http.HandlerFunc) *control {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c, file, err := listenControl(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	defer file.Close()
	l, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return c
}

func TestHealthNamesWhatAils(t *testing.T) {
	answer := `{"ready":false,"components":[{"name":"etcd","ok":true},{"name":"kubelet","ok":false,"error":"no runtime"}]}`
	m := &member{Machine: &machine.Machine{}, name: "lab-worker"}
	m.control = answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, answer)
	})
	err := m.health(t.Context())
	for _, want := range []string{"lab-worker does not work", "kubelet (no runtime)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	answer = `{"ready":true,"components":[]}`
	if err := m.health(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDoReportsFailures(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"done":            {200, `{"ms":12}`, ""},
		"failed":          {500, `{"error":"disk full"}`, "/reset: disk full"},
		"not the node's":  {404, "404 page not found\n", "404 page not found"},
		"what is no JSON": {200, "<html>", "<html>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			err := c.do(t.Context(), "/reset", nil)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestImagesGoToEveryNode(t *testing.T) {
	const size = 1 << 20
	got := make(chan int64, 2)
	c := newCluster(slog.New(slog.DiscardHandler), engine.Spec{Nodes: 2}, nil)
	for i := 1; i <= 2; i++ {
		m := &member{Machine: &machine.Machine{}, name: node.Name(i)}
		m.control = answering(t, func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			got <- n
			_, _ = io.WriteString(w, `{"images":[]}`)
		})
		c.members[node.Name(i)] = m
	}
	if err := c.LoadImages(t.Context(), strings.NewReader(strings.Repeat("x", size))); err != nil {
		t.Fatal(err)
	}
	if a, b := <-got, <-got; a != size || b != size {
		t.Errorf("the nodes got %d and %d bytes", a, b)
	}
}

func TestOneNodeThatFailsDoesNotHangTheOthers(t *testing.T) {
	c := newCluster(slog.New(slog.DiscardHandler), engine.Spec{Nodes: 2}, nil)
	for i := 1; i <= 2; i++ {
		m := &member{Machine: &machine.Machine{}, name: node.Name(i)}
		m.control = answering(t, func(w http.ResponseWriter, r *http.Request) {
			if i == 2 {
				http.Error(w, `{"error":"disk full"}`, http.StatusInternalServerError)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, `{}`)
		})
		c.members[node.Name(i)] = m
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := c.LoadImages(ctx, strings.NewReader(strings.Repeat("x", 1<<20)))
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "lab-worker") {
		t.Errorf("got %v", err)
	}
}

func TestWorkers(t *testing.T) {
	tests := map[string]struct {
		nodes int
		name  string
		want  int
		says  string
	}{
		"the first":         {3, "lab-worker", 2, ""},
		"the second":        {3, "lab-worker2", 3, ""},
		"the control plane": {3, "lab-control-plane", 0, "labctl stop"},
		"one too many":      {2, "lab-worker2", 0, "there is lab-worker"},
		"none at all":       {1, "lab-worker", 0, "one node"},
	}
	for name, tt := range tests {
		c := newCluster(slog.New(slog.DiscardHandler), engine.Spec{Nodes: tt.nodes}, nil)
		got, err := c.worker(tt.name)
		if got != tt.want || (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

func TestListenTakesAnotherPort(t *testing.T) {
	first, err := listen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Close() })
	taken := first.Addr().(*net.TCPAddr).Port
	second, err := listen(t.Context(), taken)
	if err != nil {
		t.Fatalf("port %s is taken: %v", strconv.Itoa(taken), err)
	}
	t.Cleanup(func() { _ = second.Close() })
	if got := second.Addr().(*net.TCPAddr); got.Port == taken || !got.IP.IsLoopback() {
		t.Errorf("listens on %s", got)
	}
}

func TestTheEndIsTold(t *testing.T) {
	c := newCluster(slog.New(slog.DiscardHandler), engine.Spec{}, nil)
	if c.Err() != nil {
		t.Error("ended before it began")
	}
	why := errors.New("why")
	c.end(why)
	c.end(errors.New("too late"))
	<-c.Done()
	if !errors.Is(c.Err(), why) || !errors.Is(c.Health(t.Context()), why) {
		t.Errorf("got %v", c.Err())
	}
}
