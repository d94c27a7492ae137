package diagnose

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// stale explains pods that do what an earlier ConfigMap or Secret said: variables
// are read once, when a container starts.
func (x explainer) stale(pods []*corev1.Pod) []Cause {
	for _, p := range newestFirst(pods) {
		for i := range p.Spec.Containers {
			c := &p.Spec.Containers[i]
			begun := startOf(p, c.Name)
			for _, n := range environment(c) {
				source := snapshot.Named(x.holders(n.kind), n.name)
				if begun.IsZero() || source == nil || !lastWritten(source).After(begun) {
					continue
				}
				kind, name := x.workloadOf(p)
				again := fix(StaleEnvironment, "%s", x.kubectl("rollout restart %s/%s", lower(kind), name))
				if kind == "Pod" {
					again = fix(StaleEnvironment, "Delete the pod %s and make it anew.", name)
				}
				return []Cause{
					seen(StaleEnvironment, "Pod %s was started before %s %s was changed.", p.Name, n.kind, n.name),
					look(StaleEnvironment, "It takes it by %s, and environment variables are read only when a container starts.", n.by),
					again,
				}
			}
		}
	}
	return nil
}

// startOf is when a container's present run began, zero if it does not run.
func startOf(p *corev1.Pod, container string) time.Time {
	for _, s := range p.Status.ContainerStatuses {
		if s.Name == container && s.State.Running != nil {
			return s.State.Running.StartedAt.Time
		}
	}
	return time.Time{}
}

// lastWritten is when somebody last changed an object, to the second.
func lastWritten(o metav1.Object) time.Time {
	last := o.GetCreationTimestamp().Time
	for _, m := range o.GetManagedFields() {
		if m.Time != nil && m.Time.After(last) {
			last = m.Time.Time
		}
	}
	return last
}
