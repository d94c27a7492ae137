package kind

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// Whether a cluster resets is in its nodes, not in what they are called.
func TestOnlyNodesWithTheProgramReset(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		resets bool
		fails  bool
	}{
		"labctl's image":       {http.StatusOK, true, false},
		"kind's image":         {http.StatusNotFound, false, false},
		"Docker does not work": {http.StatusInternalServerError, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/containers/labctl-x-control-plane/archive") || r.URL.Query().Get("path") != resetProgram {
					w.Header().Set("Api-Version", "1.41") // a ping
					return
				}
				w.Header().Set("X-Docker-Container-Path-Stat", base64.StdEncoding.EncodeToString([]byte(`{"name": "labctl-reset"}`)))
				w.WriteHeader(test.status)
			}))
			t.Cleanup(server.Close)
			docker, err := container.New("tcp://" + server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = docker.Close() })
			c := newCluster(engine.Spec{ID: "x"}, docker, slog.New(slog.DiscardHandler))
			if err := c.findAbilities(t.Context()); (err != nil) != test.fails {
				t.Errorf("got %v", err)
			}
			if _, resets := c.offer().(engine.Resetter); resets != test.resets {
				t.Errorf("it resets: %v, want %v", resets, test.resets)
			}
		})
	}
}

// What a node's pods say of themselves is yesterday's until its kubelet has looked.
func TestStale(t *testing.T) {
	began := time.Date(2026, 1, 1, 12, 0, 0, 5e8, time.UTC)
	pod := func(ready corev1.ConditionStatus, containers ...time.Duration) *corev1.Pod {
		p := &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
		for _, after := range containers {
			running := &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(began.Add(after))}
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{State: corev1.ContainerState{Running: running}})
		}
		return p
	}
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"from before":                          {pod(corev1.ConditionTrue, -time.Minute), true},
		"one container from before":            {pod(corev1.ConditionTrue, time.Second, -time.Minute), true},
		"started again":                        {pod(corev1.ConditionTrue, time.Second), false},
		"in the same second":                   {pod(corev1.ConditionTrue, -time.Second/2), false}, // the API knows no parts of one
		"its kubelet has looked":               {pod(corev1.ConditionFalse, -time.Minute), false},
		"ready without a container that runs":  {pod(corev1.ConditionTrue), false},
		"its kubelet has looked at the others": {pod(corev1.ConditionUnknown, -time.Minute, time.Second), false},
	} {
		if got := stale(test.pod, began); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
