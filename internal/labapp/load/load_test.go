package load

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
)

// generate runs the applet and returns its JSON lines, the summary last.
func generate(t *testing.T, stdin io.Reader, args ...string) ([]Interval, Summary) {
	t.Helper()
	var out, errs strings.Builder
	p := &applet.Process{Name: "load", Args: args, Stdin: stdin, Stdout: &out, Stderr: &errs}
	if code := p.Code(Run(t.Context(), p)); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var intervals []Interval
	for _, line := range lines[:len(lines)-1] {
		var interval Interval
		if err := json.Unmarshal([]byte(line), &interval); err != nil {
			t.Fatal(err)
		}
		intervals = append(intervals, interval)
	}
	var sum Summary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sum); err != nil {
		t.Fatal(err)
	}
	return intervals, sum
}

// misbehaving answers every kind of answer in turn: 200, 500, a broken
// connection, an answer cut short, 200 too late.
func misbehaving(t *testing.T) (*httptest.Server, *atomic.Int64) {
	var turn, connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Labapp-Pod", "pod-a")
		w.Header().Set("X-Labapp-Version", "v1")
		switch turn.Add(1) % 5 {
		case 1:
			_, _ = io.WriteString(w, "ok")
		case 2:
			w.WriteHeader(http.StatusInternalServerError)
		case 3:
			hijack(w)
		case 4:
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "short")
		case 0:
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, &connections
}

func hijack(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Close()
}

func TestEveryFailureIsCountedOnce(t *testing.T) {
	server, connections := misbehaving(t)
	_, sum := generate(t, nil, "--url", server.URL, "--rps", "100", "--duration", "495ms", "--timeout", "1s")
	if sum.Total != 50 || sum.OK != 10 || sum.Failed != 40 {
		t.Errorf("total %d, ok %d, failed %d; want 50, 10, 40", sum.Total, sum.OK, sum.Failed)
	}
	for reason, want := range map[string]int{"status-500": 10, "reset": 20, "timeout": 10} {
		if sum.ByReason[reason] != want {
			t.Errorf("%s: %d, want %d (all: %v)", reason, sum.ByReason[reason], want, sum.ByReason)
		}
	}
	if sum.Pods["pod-a"] != 30 || sum.Versions["v1"] != 30 {
		t.Errorf("pods %v, versions %v; want 30 answers of each", sum.Pods, sum.Versions)
	}
	if len(sum.Failures) != maxFailures || sum.Failures[0].Reason == "" {
		t.Errorf("failures = %+v", sum.Failures)
	}
	if got := connections.Load(); got != 50 {
		t.Errorf("%d connections, want one per request", got)
	}
}

func TestRefusedAndUnresolved(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	_, sum := generate(t, nil, "--url", "http://"+listener.Addr().String(), "--rps", "50", "--duration", "190ms")
	if sum.Total != 10 || sum.ByReason["refused"] != 10 {
		t.Errorf("summary = %+v", sum)
	}
}

func TestExpectedStatus(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for expect, failed := range map[string]bool{"0": true, "404": false, "200": true} {
		_, sum := generate(t, nil, "--url", server.URL, "--rps", "50", "--duration", "90ms", "--expect", expect)
		if (sum.Failed > 0) != failed {
			t.Errorf("--expect %s: %d failed of %d", expect, sum.Failed, sum.Total)
		}
	}
}

// TestStallShowsInFull: the rate is kept while the server stalls, and the
// requests that were due meanwhile report how long their users waited.
func TestStallShowsInFull(t *testing.T) {
	begun := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if left := 400*time.Millisecond - time.Since(begun); left > 0 {
			<-time.After(left)
		}
	}))
	defer server.Close()
	begun = time.Now()
	_, sum := generate(t, nil, "--url", server.URL, "--rps", "100", "--duration", "795ms")
	if sum.Total != 80 || sum.OK != 80 {
		t.Fatalf("total %d, ok %d; want 80", sum.Total, sum.OK)
	}
	if sum.Latency.P90 < 250 || sum.Latency.Max < 380 {
		t.Errorf("latency = %+v; half of the requests waited up to 400 ms", sum.Latency)
	}
}

func TestSaturationIsNotLag(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		<-time.After(50 * time.Millisecond)
	}))
	defer server.Close()
	_, sum := generate(t, nil, "--url", server.URL, "--rps", "200", "--duration", "500ms", "--concurrency", "1")
	if sum.Saturated == 0 {
		t.Errorf("one request at a time cannot be 200 a second: %+v", sum)
	}
	if sum.Lagged > sum.Saturated {
		t.Errorf("%d lagged, %d saturated, though only the service is slow", sum.Lagged, sum.Saturated)
	}
}

func TestURLsTakeTurnsAndHeadersArrive(t *testing.T) {
	var a, b atomic.Int64
	mux := http.NewServeMux()
	count := func(n *atomic.Int64) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.Method == "POST" && r.Host == "web.test" && r.Header.Get("X-A") == "1" && string(body) == "hello" {
				n.Add(1)
			}
		}
	}
	mux.HandleFunc("/a", count(&a))
	mux.HandleFunc("/b", count(&b))
	server := httptest.NewServer(mux)
	defer server.Close()
	generate(t, nil, "--url", server.URL+"/a", "--url", server.URL+"/b", "--rps", "100", "--duration", "195ms",
		"-X", "POST", "-H", "X-A: 1", "--host", "web.test", "--body", "hello")
	if a.Load() != 10 || b.Load() != 10 {
		t.Errorf("a got %d, b got %d; want 10 each", a.Load(), b.Load())
	}
}

func TestRunsUntilStdinCloses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	stdin, hold := io.Pipe()
	time.AfterFunc(300*time.Millisecond, func() { hold.Close() })
	intervals, sum := generate(t, stdin, "--url", server.URL, "--rps", "100", "--until-stdin-closes", "--stream", "--interval", "50ms")
	if sum.Seconds < .25 || sum.Seconds > 3 {
		t.Errorf("it ran for %v seconds", sum.Seconds)
	}
	streamed := 0
	for _, i := range intervals {
		streamed += i.Total
	}
	if len(intervals) < 3 || streamed != sum.Total {
		t.Errorf("%d intervals with %d requests, the summary has %d", len(intervals), streamed, sum.Total)
	}
}

func TestIntervalsComeAsTheyHappen(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	out, in := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stdin, hold := io.Pipe()
	go func() {
		p := &applet.Process{Name: "load", Stdin: stdin, Stdout: in, Stderr: io.Discard, Args: []string{
			"--url", server.URL, "--until-stdin-closes", "--stream", "--interval", "20ms",
		}}
		in.CloseWithError(Run(ctx, p))
	}()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), `"type":"interval"`) {
		t.Fatalf("first line %q", lines.Text())
	}
	hold.Close()
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if !strings.Contains(last, `"type":"summary"`) {
		t.Errorf("last line %q", last)
	}
}

func TestBadCommandLines(t *testing.T) {
	for _, args := range [][]string{{}, {"--url", "web:8080"}, {"--url", "http://x", "--rps", "0"}, {"--url", "http://x", "-H", "nocolon"}} {
		p := &applet.Process{Name: "load", Args: args, Stdout: io.Discard, Stderr: io.Discard}
		if code := p.Code(Run(t.Context(), p)); code != 2 {
			t.Errorf("%v: exit code %d, want 2", args, code)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := 1; i <= 1000; i++ {
		h.add(time.Duration(i) * time.Millisecond)
	}
	got := h.latency()
	for name, pair := range map[string][2]float64{"p50": {got.P50, 500}, "p90": {got.P90, 900}, "p99": {got.P99, 990}, "max": {got.Max, 1000}, "mean": {got.Mean, 500.5}} {
		if low, high := pair[1]*.98, pair[1]*1.021; pair[0] < low || pair[0] > high {
			t.Errorf("%s = %v, want %v within 2 %%", name, pair[0], pair[1])
		}
	}
}
