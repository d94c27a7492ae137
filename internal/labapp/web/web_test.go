package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

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

func TestWarmingUp(t *testing.T) {
	s := newService(configured(t, map[string]string{"READY_DELAY": "1h"}), slog.New(slog.DiscardHandler), func(int) {})
	s.warmUp(t.Context())
	for path, want := range map[string]int{"/": 503, "/readyz": 503, "/healthz": 200, "/metrics": 200} {
		if code := call(s.handler(), "GET", path, "").Code; code != want {
			t.Errorf("%s answered %d, want %d", path, code, want)
		}
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
