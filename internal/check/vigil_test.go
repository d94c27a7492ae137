package check

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/container"
)

// What accuses the learner counts as long as Docker lived all the while; what does
// not stays as it is.
func TestVigil(t *testing.T) {
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-end
		}
	}))
	t.Cleanup(server.Close)
	docker, err := container.New("tcp://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	weigh := (&Runner{Target: Target{Docker: docker}}).vigil(t.Context())
	for _, v := range precedence() {
		if got := weigh(Result{Verdict: v}); got.Verdict != v {
			t.Errorf("while Docker lives, %s becomes %s", v, got.Verdict)
		}
	}
	close(end)
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for weigh(Result{Verdict: Fail}).Verdict == Fail {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the end of Docker goes unnoticed")
		}
	}
	for _, v := range precedence() {
		want := v
		if v == Fail || v == Pending {
			want = Error
		}
		if got := weigh(Result{Verdict: v, Code: "X", Observed: "exited"}); got.Verdict != want || (want != v) != (got.Code == CodeProbeFailed && got.Observed == "") {
			t.Errorf("after its end, %s becomes %+v", v, got)
		}
	}
}
