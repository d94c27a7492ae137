package progress

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// Touched is when anything in the namespace was last written by anybody, or a
// pod last became ready or stopped being so.
func Touched(s *snapshot.Snapshot) time.Time {
	var last time.Time
	for _, p := range s.Pods(func(*corev1.Pod) bool { return true }) {
		last = latest(last, turned(p))
	}
	return latest(last,
		newest(s.Deployments), newest(s.ReplicaSets), newest(s.StatefulSets), newest(s.DaemonSets),
		newest(s.Jobs), newest(s.CronJobs), newest(s.Services), newest(s.ConfigMaps), newest(s.Secrets),
		newest(s.Claims), newest(s.Quotas), newest(s.NetworkPolicies))
}

// turned is when a pod was made, became ready or stopped being so, or was told
// to end. A pod that crashes again and again was never ready, so it does not
// count as changed each time.
func turned(p *corev1.Pod) time.Time {
	last := p.CreationTimestamp.Time
	if p.DeletionTimestamp != nil && p.DeletionGracePeriodSeconds != nil {
		grace := time.Duration(*p.DeletionGracePeriodSeconds) * time.Second
		last = latest(last, p.DeletionTimestamp.Add(-grace))
	}
	if crashes(p) {
		return last
	}
	if c := condition(p, corev1.PodReady); c != nil {
		last = latest(last, c.LastTransitionTime.Time)
	}
	return last
}

func newest[T any, P interface {
	*T
	metav1.Object
}](items []T) time.Time {
	var last time.Time
	for i := range items {
		last = latest(last, written(P(&items[i])))
	}
	return last
}

func condition(p *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}
