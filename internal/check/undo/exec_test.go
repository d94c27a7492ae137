package undo_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
)

// TestUndoInAContainerWithoutTheProgram takes back a stimulus whose program the
// learner's image lacks: nothing was done, so nothing may stay pending.
func TestUndoInAContainerWithoutTheProgram(t *testing.T) {
	pod := corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: "web-1", UID: "x"}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "web", ContainerID: "c", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/exec") {
			http.Error(w, `exec failed: unable to start container process: exec: "kill": executable file not found in $PATH`, http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(pod)
	}))
	t.Cleanup(server.Close)
	client, err := kube.FromConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	replay(t, client, undo.Record{Execs: []undo.Exec{{
		Namespace: "shop", Pod: "web-1", UID: "x", Container: "web", ContainerID: "c", Command: []string{"kill", "-CONT", "7"},
	}}})
}
