package reset

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestWhatAilsAPod(t *testing.T) {
	waiting := corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}
	homeless := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/2 nodes"}
	for want, p := range map[string]corev1.Pod{
		"is ending":                             {ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: ptr.To(metav1.Now())}},
		"waits (ContainerCreating)":             {Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting}}},
		"has no node (Unschedulable 0/2 nodes)": {Status: corev1.PodStatus{Conditions: []corev1.PodCondition{homeless}}},
		"is running":                            {Status: corev1.PodStatus{Phase: corev1.PodRunning}},
	} {
		if got := ails(&p); got != want {
			t.Errorf("it %q, want %q", got, want)
		}
	}
}
