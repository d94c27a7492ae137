package progress

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// deployment says whether a Deployment is on its way to what its spec says.
func deployment(s *snapshot.Snapshot, d *appsv1.Deployment, ending bool) State {
	changed := written(d)
	if d.Generation > d.Status.ObservedGeneration {
		return seen(changed, "deployment", d.Name)
	}
	// All three, as `kubectl rollout status` has it: while old pods make up for new ones
	// that are not available yet, the other two are right by chance.
	want := replicas(d.Spec.Replicas)
	done := d.Status.UpdatedReplicas == want && d.Status.Replicas == want && d.Status.AvailableReplicas == want
	var states []State
	for i := range s.ReplicaSets {
		rs := &s.ReplicaSets[i]
		if metav1.IsControlledBy(rs, d) {
			states = append(states, pods(s, rs, ending || !done), recent(s.Taken, written(rs)))
		}
	}
	if d.Status.AvailableReplicas < d.Status.ReadyReplicas {
		states = append(states, moving(changed, "pods of deployment %s have not been ready for long enough", d.Name))
	}
	return settling(merge(append(states, recent(s.Taken, changed))...), done, "deployment", d.Name)
}

func statefulSet(s *snapshot.Snapshot, set *appsv1.StatefulSet, ending bool) State {
	changed := written(set)
	if set.Generation > set.Status.ObservedGeneration {
		return seen(changed, "statefulset", set.Name)
	}
	done := set.Status.UpdatedReplicas == replicas(set.Spec.Replicas) && set.Status.AvailableReplicas == replicas(set.Spec.Replicas)
	return settling(merge(pods(s, set, ending || !done), recent(s.Taken, changed)), done, "statefulset", set.Name)
}

func daemonSet(s *snapshot.Snapshot, set *appsv1.DaemonSet, ending bool) State {
	changed := written(set)
	if set.Generation > set.Status.ObservedGeneration {
		return seen(changed, "daemonset", set.Name)
	}
	done := set.Status.UpdatedNumberScheduled == set.Status.DesiredNumberScheduled && set.Status.NumberUnavailable == 0
	return settling(merge(pods(s, set, ending || !done), recent(s.Taken, changed)), done, "daemonset", set.Name)
}

// settling is the state of a workload: while it is fresh and not done, its
// controller is at work between two pods.
func settling(state State, done bool, kind, name string) State {
	if state.Fresh && !done && !state.Moving {
		state.Moving, state.Why = true, kind+" "+name+" changed a moment ago"
	}
	return state
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// seen is the state of an object whose controller has not looked at it yet.
func seen(changed time.Time, kind, name string) State {
	return moving(changed, "%s %s was changed and not acted on yet", kind, name)
}

// pods merges the pods of an owner. Once all that it asks for is there, old ones
// that are still ending bring nothing that is missing, and count only if asked for.
func pods(s *snapshot.Snapshot, owner metav1.Object, ending bool) State {
	var states []State
	for _, p := range s.Owned(owner) {
		if !ending && p.DeletionTimestamp != nil {
			states = append(states, still(turned(p)))
			continue
		}
		// Fresh covers the moment between a pod's turn and its owner's count.
		states = append(states, pod(s, p), recent(s.Taken, turned(p)))
	}
	return merge(states...)
}
