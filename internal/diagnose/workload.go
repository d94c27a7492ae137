package diagnose

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// replicas is a default of the API's: one if not said.
func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

func (x explainer) replicaSet(r *appsv1.ReplicaSet) []Cause {
	if replicas(r.Spec.Replicas) == 0 {
		return x.scaledToZero("ReplicaSet", r.Name)
	}
	if refused := x.notCreatedPods("ReplicaSet", r); refused != nil {
		return refused
	}
	return x.pods("ReplicaSet "+r.Name, x.Owned(r), int(replicas(r.Spec.Replicas)))
}

func (x explainer) statefulSet(s *appsv1.StatefulSet) []Cause {
	if replicas(s.Spec.Replicas) == 0 {
		return x.scaledToZero("StatefulSet", s.Name)
	}
	if refused := x.notCreatedPods("StatefulSet", s); refused != nil {
		return refused
	}
	return x.pods("StatefulSet "+s.Name, x.Owned(s), int(replicas(s.Spec.Replicas)))
}

func (x explainer) daemonSet(d *appsv1.DaemonSet) []Cause {
	if refused := x.notCreatedPods("DaemonSet", d); refused != nil {
		return refused
	}
	if d.Status.DesiredNumberScheduled == 0 && d.Status.ObservedGeneration >= d.Generation {
		return []Cause{
			seen(NoNodes, "DaemonSet %s finds no node to run on.", d.Name),
			look(NoNodes, "Compare its nodeSelector (%s) and tolerations with: kubectl get nodes --show-labels", pairs(d.Spec.Template.Spec.NodeSelector)),
		}
	}
	return x.pods("DaemonSet "+d.Name, x.Owned(d), int(d.Status.DesiredNumberScheduled))
}

func (x explainer) scaledToZero(kind, name string) []Cause {
	return []Cause{
		seen(ScaledToZero, "%s %s is scaled to 0 replicas: it runs no pods.", kind, name),
		fix(ScaledToZero, "%s", x.kubectl("scale %s/%s --replicas=1", strings.ToLower(kind), name)),
	}
}

// notCreatedPods explains a controller that is not allowed to make its pods,
// from its newest word. A pod made since then means that it got its way.
func (x explainer) notCreatedPods(kind string, owner metav1.Object) []Cause {
	failed := snapshot.Latest(x.EventsAbout(kind, owner), func(e *corev1.Event) bool {
		return e.Reason == "FailedCreate" || e.Reason == "SuccessfulCreate"
	})
	if failed == nil || failed.Reason == "SuccessfulCreate" {
		return nil
	}
	for _, p := range x.Owned(owner) {
		if p.CreationTimestamp.After(snapshot.Last(failed)) {
			return nil
		}
	}
	return x.refusal(failed.Message)
}

// pods explains pods that should be Ready and are not. They may fail in
// different ways: the way that most fail is told.
func (x explainer) pods(of string, pods []*corev1.Pod, want int) []Cause {
	pods = present(pods)
	ready, chain := x.worst(pods)
	switch {
	case chain == nil:
		return x.deniedIn(pods)
	case ready >= want && ready == len(pods):
		return chain // Ready for the moment
	}
	return append([]Cause{
		seen(NotReady, "Ready pods of %s: %d of %d.", of, ready, max(want, len(pods))),
	}, chain...)
}

// present leaves out the pods that are over, such as evicted ones: they have
// been replaced. If none is left, they are all there is to tell of.
func present(pods []*corev1.Pod) []*corev1.Pod {
	alive := slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodFailed })
	if len(alive) == 0 {
		return pods
	}
	return alive
}

// worst returns how many pods are Ready, and the explanation that most of the
// others share; of two as common, the one of the newer pod.
func (x explainer) worst(pods []*corev1.Pod) (ready int, chain []Cause) {
	tally := map[string]int{}
	chains := map[string][]Cause{}
	var best string
	for _, p := range newestFirst(pods) {
		if isReady(p) {
			ready++
		}
		why := x.pod(p)
		if why == nil {
			continue
		}
		key := firstCode(why) + "/" + rootCode(why)
		tally[key]++
		if chains[key] == nil {
			chains[key] = why
		}
		if tally[key] > tally[best] {
			best = key
		}
	}
	return ready, chains[best]
}

func isReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return false
}
