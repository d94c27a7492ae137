//go:build linux

package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"
)

// oneContainer answers as an engine would with one container that publishes a port.
type oneContainer struct {
	mu      sync.Mutex
	port    int    // 0 while it does not run
	inspect string // what is said about it
	stopped bool
	asked   chan struct{} // the events
}

func (o *oneContainer) publisher(t *testing.T) *publisher {
	t.Helper()
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	c, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.45"))
	if err != nil {
		t.Fatal(err)
	}
	p := newPublisher(c, nil, slog.New(slog.DiscardHandler))
	if err := p.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func (o *oneContainer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/events"): // ends at once
		select {
		case o.asked <- struct{}{}:
		default:
		}
	case strings.HasSuffix(path, "/containers/json") && o.port == 0:
		_, _ = io.WriteString(w, `[]`)
	case strings.HasSuffix(path, "/containers/json"):
		fmt.Fprintf(w, `[{"Id":"web","Ports":[{"PublicPort":%d,"PrivatePort":80,"Type":"tcp"}]}]`, o.port)
	case strings.HasSuffix(path, "/web/json"):
		_, _ = io.WriteString(w, o.inspect)
	case strings.HasSuffix(path, "/web/stop"):
		o.stopped = true
	}
}

func listening(t *testing.T) (l net.Listener, port int) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

// What changes while nobody listens to the engine's events is found afterwards.
func TestPortsAfterTheEngineIsBack(t *testing.T) {
	l, port := listening(t)
	l.Close()
	o := &oneContainer{asked: make(chan struct{}, 1)}
	p := o.publisher(t)
	<-o.asked
	o.mu.Lock()
	o.port = port
	o.mu.Unlock()
	deadline := time.After(10 * again)
	for !p.has(uint16(port)) {
		select {
		case <-o.asked:
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("the port is never opened")
		}
	}
	p.close()
	if err := p.sync(t.Context()); err == nil {
		t.Error("a publisher that is closed opens ports")
	}
}

// A port that the engine chose may be somebody else's on the host.
func TestAContainerWithoutItsPortDoesNotGoOn(t *testing.T) {
	_, taken := listening(t)
	o := &oneContainer{port: taken, inspect: fmt.Sprintf(`{"Id":"web","NetworkSettings":{"Ports":{"80/tcp":[{"HostPort":"%d"}]}}}`, taken)}
	p := o.publisher(t)
	reached := false
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached = true
		w.WriteHeader(http.StatusNoContent)
	})
	answer := httptest.NewRecorder()
	p.before(next).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1.45/containers/web/start", nil))
	var said struct{ Message string }
	if err := json.Unmarshal(answer.Body.Bytes(), &said); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	if !reached || answer.Code != http.StatusInternalServerError || !strings.Contains(said.Message, "already allocated") || !o.stopped {
		t.Errorf("%d %q, stopped: %v", answer.Code, said.Message, o.stopped)
	}

	// The same number for UDP is another port.
	o.inspect = strings.Replace(o.inspect, "tcp", "udp", 1)
	answer = httptest.NewRecorder()
	p.before(next).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1.45/containers/web/start", nil))
	if answer.Code != http.StatusNoContent {
		t.Errorf("UDP: %d %s", answer.Code, answer.Body)
	}
}
