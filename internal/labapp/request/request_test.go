package request

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applettest"
)

func requests(t *testing.T, args ...string) []Response {
	t.Helper()
	got := applettest.Run(t, Run, "http", "", args...)
	if got.Code != 0 {
		t.Fatalf("code %d: %s", got.Code, got.Stderr)
	}
	var responses []Response
	if err := json.Unmarshal([]byte(got.Stdout), &responses); err != nil {
		t.Fatalf("%v: %s", err, got.Stdout)
	}
	return responses
}

func TestRequestsAndAnswers(t *testing.T) {
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method+" "+r.Host+" "+r.Header.Get("X-A")+" "+string(body))
		w.WriteHeader(int(200 + count.Add(1)))
		_, _ = io.WriteString(w, "answer\xff")
	}))
	defer server.Close()
	got := requests(t, "-X", "PUT", "-H", "X-A: 1", "--host", "web.test", "-d", "hello", "-n", "2", server.URL)
	if len(got) != 2 || got[0].Status != 201 || got[1].Status != 202 {
		t.Fatalf("responses = %+v", got)
	}
	if got[0].Headers["X-Seen"] != "PUT web.test 1 hello" || got[0].Body != "answer\uFFFD" || got[0].MS <= 0 || got[0].Error != "" {
		t.Errorf("response = %+v", got[0])
	}
}

func TestLimitAndRedirects(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	}))
	defer server.Close()
	if got := requests(t, "--limit", "10", server.URL)[0]; got.Body != "xxxxxxxxxx" || !got.Truncated {
		t.Errorf("limited: %+v", got)
	}
	if got := requests(t, server.URL+"/from")[0]; got.Status != http.StatusFound {
		t.Errorf("not followed: %+v", got)
	}
	if got := requests(t, "-L", server.URL+"/from")[0]; got.Status != http.StatusOK || len(got.Body) != 1000 {
		t.Errorf("followed: %d", got.Status)
	}
}

func TestFailuresAreResults(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(3 * time.Second):
		}
	}))
	defer silent.Close()
	got := requests(t, "--timeout", "100ms", "http://"+listener.Addr().String(), silent.URL)
	if got[0].ErrorKind != "refused" || got[0].Status != 0 || got[1].ErrorKind != "timeout" {
		t.Errorf("responses = %+v", got)
	}
	if code := applettest.Run(t, Run, "http", "").Code; code != 2 {
		t.Errorf("without a URL: code %d", code)
	}
}
