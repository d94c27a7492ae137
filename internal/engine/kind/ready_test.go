package kind

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// After a node was started again, its pods are ready by yesterday's account until
// its kubelet has looked at them.
func TestLeftReady(t *testing.T) {
	start := time.Date(2026, 1, 1, 12, 0, 0, 700_000_000, time.UTC)
	pod := func(node string, ready corev1.ConditionStatus, started time.Time) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.PodSpec{NodeName: node},
			Status: corev1.PodStatus{
				Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
				ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(started)}}}},
			},
		}
	}
	for name, tt := range map[string]struct {
		pod  corev1.Pod
		want string
	}{
		"of before":              {pod("n", corev1.ConditionTrue, start.Add(-time.Minute)), "shop/web"},
		"started again":          {pod("n", corev1.ConditionTrue, start.Add(time.Minute)), ""},
		"in the same second":     {pod("n", corev1.ConditionTrue, start.Truncate(time.Second)), ""},
		"known not to be ready":  {pod("n", corev1.ConditionFalse, start.Add(-time.Minute)), ""},
		"on a node that is off":  {pod("off", corev1.ConditionTrue, start.Add(-time.Minute)), ""},
		"with nothing that runs": {corev1.Pod{Spec: corev1.PodSpec{NodeName: "n"}}, ""},
	} {
		if got := leftReady([]corev1.Pod{tt.pod}, map[string]time.Time{"n": start}); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
