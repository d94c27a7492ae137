package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
)

// configured loads a configuration as the process would.
func configured(t *testing.T, env map[string]string, args ...string) *Config {
	t.Helper()
	c := defaults()
	if err := c.load(args, lookup(env)); err != nil {
		t.Fatal(err)
	}
	return c
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// warmService answers without a listener.
func warmService(t *testing.T, env map[string]string) (*service, http.Handler) {
	t.Helper()
	s := newService(configured(t, env), slog.New(slog.DiscardHandler), func(int) {})
	s.warmUp(t.Context())
	return s, s.handler()
}

func call(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestIndexSaysWhoAnswers(t *testing.T) {
	_, h := warmService(t, map[string]string{"VERSION": "v7", "GREETING": "Hi", "POD_NAME": "web-1", "SECRET": "s3cret"})
	w := call(h, "GET", "/", "", "Accept", "application/json")
	var about About
	if err := json.Unmarshal(w.Body.Bytes(), &about); err != nil {
		t.Fatal(err)
	}
	if about.Greeting != "Hi" || about.Version != "v7" || about.Pod != "web-1" || about.SecretFingerprint != Fingerprint("s3cret") || about.SecretBytes != 6 {
		t.Errorf("about = %+v", about)
	}
	if w.Header().Get("X-Labapp-Pod") != "web-1" || w.Header().Get("X-Labapp-Version") != "v7" {
		t.Errorf("headers = %v", w.Header())
	}
	if text := call(h, "GET", "/", "").Body.String(); !strings.HasPrefix(text, "Hi\nversion: v7\n") {
		t.Errorf("text = %q", text)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	_, h := warmService(t, map[string]string{"SECRET": "hunter2", "ADMIN_TOKEN": "tok3n", "VERSION": "v2"})
	body := call(h, "GET", "/env", "").Body.String() + call(h, "GET", "/", "", "Accept", "application/json").Body.String()
	for _, secret := range []string{"hunter2", "tok3n"} {
		if strings.Contains(body, secret) {
			t.Errorf("%q is shown in %s", secret, body)
		}
	}
	if !strings.Contains(body, `{"name":"version","value":"v2","source":"env VERSION"}`) {
		t.Errorf("/env does not name the source: %s", body)
	}
}

func TestConfigurationPrecedence(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.properties")
	write(t, file, "# comment\ngreeting = from file\nLATENCY: 20ms\nversion=\"file\"\nother=x\n")
	c := configured(t, map[string]string{"CONFIG_FILE": file, "VERSION": "env"}, "--port", "9000")
	if c.Greeting != "from file" || c.Version != "env" || c.Latency != 20*time.Millisecond || c.Port != 9000 || c.Properties["other"] != "x" {
		t.Errorf("config = %+v", c)
	}
	if c := configured(t, map[string]string{"VERSION": "env"}, "--version=flag"); c.Version != "flag" {
		t.Errorf("version = %q, want the flag's", c.Version)
	}
}

func TestConfigurationDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "GREETING"), "from a ConfigMap\n")
	write(t, filepath.Join(dir, "..data"), "not a key")
	c := configured(t, map[string]string{"CONFIG_FILE": dir})
	if c.Greeting != "from a ConfigMap" || len(c.Properties) != 1 {
		t.Errorf("greeting %q, properties %v", c.Greeting, c.Properties)
	}
}

func TestRefusesToStart(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"required":     {map[string]string{"REQUIRED": "DATABASE_URL"}, "required setting DATABASE_URL is missing"},
		"config file":  {map[string]string{"CONFIG_FILE": "/no/such/file"}, "CONFIG_FILE"},
		"secret file":  {map[string]string{"SECRET_FILE": "/no/such/file"}, "SECRET_FILE"},
		"bad number":   {map[string]string{"PORT": "http"}, `bad value "http" for --port (from env PORT)`},
		"bad rate":     {map[string]string{"FAILURE_RATE": "2"}, "0 to 1"},
		"bad shutdown": {map[string]string{"ON_SIGTERM": "maybe"}, "drain, exit or ignore"},
	} {
		err := defaults().load(nil, lookup(test.env))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
	configured(t, map[string]string{"REQUIRED": "A, B", "A": "1", "B": "2"})
}

func TestFailStartIsOneLogLine(t *testing.T) {
	t.Setenv("FAIL_START", "cannot reach the database")
	t.Setenv("FAIL_START_CODE", "3")
	var out strings.Builder
	p := &applet.Process{Name: "web", Stdout: &out, Stderr: io.Discard}
	if code := p.Code(Run(t.Context(), p)); code != 3 {
		t.Errorf("code = %d, want 3", code)
	}
	if !strings.Contains(out.String(), "cannot reach the database") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("log = %q", out.String())
	}
}

func TestFailureRateIsExact(t *testing.T) {
	_, h := warmService(t, map[string]string{"FAILURE_RATE": "0.25", "FAILURE_CODE": "502"})
	failed := 0
	for range 100 {
		if call(h, "GET", "/", "").Code == http.StatusBadGateway {
			failed++
		}
	}
	if failed != 25 {
		t.Errorf("%d of 100 failed, want 25", failed)
	}
	if code := call(h, "GET", "/readyz", "").Code; code != http.StatusOK {
		t.Errorf("a probe answered %d", code)
	}
}

func TestWarmingUp(t *testing.T) {
	s := newService(configured(t, map[string]string{"READY_DELAY": "1h"}), slog.New(slog.DiscardHandler), func(int) {})
	s.warmUp(t.Context())
	for path, want := range map[string]int{"/": 503, "/readyz": 503, "/healthz": 200, "/metrics": 200} {
		if code := call(s.handler(), "GET", path, "").Code; code != want {
			t.Errorf("%s answered %d, want %d", path, code, want)
		}
	}
}

func TestAdminKnobs(t *testing.T) {
	_, h := warmService(t, nil)
	turn := func(knob string, want int) {
		t.Helper()
		if w := call(h, "POST", "/admin/"+knob, ""); w.Code != want {
			t.Errorf("%s answered %d %s, want %d", knob, w.Code, w.Body, want)
		}
	}
	expect := func(path string, want int) {
		t.Helper()
		if code := call(h, "GET", path, "").Code; code != want {
			t.Errorf("%s answered %d, want %d", path, code, want)
		}
	}
	turn("unready?value=true", 200)
	expect("/readyz", 503)
	expect("/", 200)
	turn("unhealthy?value=true", 200)
	expect("/healthz", 500)
	turn("failure-rate?value=1", 200)
	expect("/", 500)
	turn("latency?value=30ms", 200)
	begun := time.Now()
	expect("/", 500)
	if took := time.Since(begun); took < 30*time.Millisecond {
		t.Errorf("took %v with a latency of 30ms", took)
	}
	turn("failure-rate?value=7", 400)
	turn("reset", 200)
	expect("/", 200)
	expect("/readyz", 200)
	expect("/healthz", 200)
}

func TestHangHoldsEverythingButAdmin(t *testing.T) {
	_, h := warmService(t, nil)
	call(h, "POST", "/admin/hang?value=true", "")
	answered := make(chan int, 1)
	go func() { answered <- call(h, "GET", "/healthz", "").Code }()
	select {
	case code := <-answered:
		t.Fatalf("/healthz answered %d while hanging", code)
	case <-time.After(50 * time.Millisecond):
	}
	call(h, "POST", "/admin/hang?value=false", "")
	if code := <-answered; code != http.StatusOK {
		t.Errorf("/healthz answered %d after the hang", code)
	}
}

func TestAdminTokenAndCrash(t *testing.T) {
	exited := make(chan int, 1)
	s := newService(configured(t, map[string]string{"ADMIN_TOKEN": "tok"}), slog.New(slog.DiscardHandler), func(code int) { exited <- code })
	if code := call(s.handler(), "POST", "/admin/crash?value=4", "").Code; code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", code)
	}
	if code := call(s.handler(), "POST", "/admin/crash?value=4", "", "Authorization", "Bearer tok").Code; code != http.StatusOK {
		t.Errorf("with the token: %d", code)
	}
	select {
	case code := <-exited:
		if code != 4 {
			t.Errorf("exit code %d, want 4", code)
		}
	case <-time.After(5 * time.Second):
		t.Error("it did not crash")
	}
}

func TestLeakHoldsMemory(t *testing.T) {
	s, h := warmService(t, nil)
	held := func() (n int) {
		s.ballast.mu.Lock()
		defer s.ballast.mu.Unlock()
		for _, block := range s.ballast.blocks {
			n += len(block)
		}
		return n
	}
	call(h, "POST", "/admin/leak?value=20Mi", "")
	eventually(t, func() bool { return held() >= 4<<20 })
	call(h, "POST", "/admin/leak?value=0", "")
	eventually(t, func() bool { return held() == 0 })
}

func TestStores(t *testing.T) {
	for name, env := range map[string]map[string]string{"memory": nil, "directory": {"DATA_DIR": t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			_, h := warmService(t, env)
			steps := []struct {
				method, path, body string
				code               int
				want               string
			}{
				{"GET", "/kv/a", "", 404, "no such key\n"},
				{"PUT", "/kv/a", "one", 204, ""},
				{"PUT", "/kv/a", "two", 204, ""},
				{"PUT", "/kv/b.c-d_e", "x", 204, ""},
				{"GET", "/kv/a", "", 200, "two"},
				{"GET", "/kv/", "", 200, `["a","b.c-d_e"]` + "\n"},
				{"PUT", "/kv/.hidden", "x", 400, "a key is made of letters, digits, '.', '_' and '-'\n"},
				{"GET", "/kv/..%2Fetc", "", 404, "no such key\n"},
				{"DELETE", "/kv/a", "", 204, ""},
				{"GET", "/kv/a", "", 404, "no such key\n"},
			}
			for _, s := range steps {
				if w := call(h, s.method, s.path, s.body); w.Code != s.code || w.Body.String() != s.want {
					t.Errorf("%s %s: %d %q, want %d %q", s.method, s.path, w.Code, w.Body, s.code, s.want)
				}
			}
		})
	}
}

func TestDirectoryStoreSurvivesRestart(t *testing.T) {
	env := map[string]string{"DATA_DIR": t.TempDir()}
	_, h := warmService(t, env)
	call(h, "PUT", "/kv/counter", "41")
	_, h = warmService(t, env)
	if got := call(h, "GET", "/kv/counter", "").Body.String(); got != "41" {
		t.Errorf("after a restart: %q", got)
	}
}

func TestUnwritableStoreSaysWhatToCheck(t *testing.T) {
	_, h := warmService(t, map[string]string{"DATA_DIR": "/no/such/directory"})
	if w := call(h, "PUT", "/kv/a", "1"); w.Code != 500 || !strings.Contains(w.Body.String(), "DATA_DIR") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// eventually polls for at most ten seconds.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.After(10 * time.Second)
	for !condition() {
		select {
		case <-ticker.C:
		case <-timeout:
			t.Fatal("it did not happen in ten seconds")
		}
	}
}

// running is a service on a real socket; stop sends its SIGTERM.
type running struct {
	*service
	address string
	stop    context.CancelFunc
	ended   chan error
}

func start(t *testing.T, env map[string]string) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{newService(configured(t, env), slog.New(slog.DiscardHandler), func(int) {}), listener.Addr().String(), stop, make(chan error, 1)}
	go func() { r.ended <- r.serve(ctx, listener) }()
	t.Cleanup(stop)
	eventually(t, r.warm.Load)
	return r
}

func TestRequestInFlightIsFinished(t *testing.T) {
	r := start(t, map[string]string{"SHUTDOWN_DELAY": "10ms"})
	body := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + r.address + "/slow?ms=300")
		if err != nil {
			body <- err.Error()
			return
		}
		defer response.Body.Close()
		content, _ := io.ReadAll(response.Body)
		body <- string(content)
	}()
	eventually(t, func() bool { return r.inFlight.Load() == 1 })
	r.stop()
	if got := <-body; got != "answered after 300 ms\n" {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("serve = %v, want nil", err)
	}
}

func TestExitOnTermDropsRequests(t *testing.T) {
	r := start(t, map[string]string{"ON_SIGTERM": "exit"})
	failed := make(chan error, 1)
	go func() {
		_, err := http.Get("http://" + r.address + "/slow?ms=60000")
		failed <- err
	}()
	eventually(t, func() bool { return r.inFlight.Load() == 1 })
	r.stop()
	if err := <-failed; err == nil {
		t.Error("the request in flight was answered")
	}
	var exit applet.Exit
	if err := <-r.ended; !errors.As(err, &exit) || exit != 143 {
		t.Errorf("serve = %v, want exit code 143", err)
	}
}

func TestDrainMovesKeptConnections(t *testing.T) {
	r := start(t, map[string]string{"SHUTDOWN_DELAY": "2s"})
	get := func() *http.Response {
		response, err := http.Get("http://" + r.address + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		return response
	}
	if get().Close {
		t.Error("a connection was closed before the drain")
	}
	r.stop()
	eventually(t, r.draining.Load)
	if response := get(); response.StatusCode != 200 || !response.Close {
		t.Errorf("while draining: %d, close %v; want 200, true", response.StatusCode, response.Close)
	}
	if response, err := http.Get("http://" + r.address + "/readyz"); err != nil || response.StatusCode != 503 {
		t.Errorf("readyz while draining: %v %v", response, err)
	}
}

// TestRollingRestartUnderLoad replaces backends one after the other behind a
// balancer that only follows /readyz, as a Service does, under steady load.
func TestRollingRestartUnderLoad(t *testing.T) {
	for name, test := range map[string]struct {
		env      map[string]string
		failures bool
	}{
		"graceful": {map[string]string{"SHUTDOWN_DELAY": "300ms", "LATENCY": "5ms"}, false},
		"abrupt":   {map[string]string{"ON_SIGTERM": "exit", "LATENCY": "5ms"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := &balancer{}
			for range 2 {
				b.add(start(t, test.env))
			}
			var total, failed atomic.Int64
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); b.load(ctx, &total, &failed) }()
			for range 3 {
				before := total.Load()
				eventually(t, func() bool { return total.Load() > before+50 })
				next := start(t, test.env)
				b.add(next)
				b.oldest().stop()
			}
			before := total.Load()
			eventually(t, func() bool { return total.Load() > before+50 })
			cancel()
			<-done
			if got := failed.Load() > 0; got != test.failures {
				t.Errorf("%d of %d requests failed", failed.Load(), total.Load())
			}
		})
	}
}
