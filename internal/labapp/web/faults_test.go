package web

import (
	"log/slog"
	"net/http"
	"testing"
	"time"
)

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
