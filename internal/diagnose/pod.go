package diagnose

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// settling is how long a new thing is left alone: what is seen sooner is the
// ordinary course of starting.
const settling = 5 * time.Second

// pod explains why a pod is not Ready, by the first that holds of what has to
// go well one after the other; nil for a pod that is Ready or on its way.
func (x explainer) pod(p *corev1.Pod) []Cause {
	if p.DeletionTimestamp != nil {
		return x.terminating("Pod", p)
	}
	for _, explanation := range []func(*corev1.Pod) []Cause{
		x.ended, x.unplaced, x.onLostNode, x.notStarted, x.notMounted, x.crashing, x.notReady,
	} {
		if chain := explanation(p); chain != nil {
			return chain
		}
	}
	return nil
}

// podAlone is pod for one that was asked for by name: what it prints counts,
// too, even though it is Ready.
func (x explainer) podAlone(p *corev1.Pod) []Cause {
	if chain := x.pod(p); chain != nil {
		return chain
	}
	return x.denied(p)
}

// ended explains a pod that is over and was not meant to be.
func (x explainer) ended(p *corev1.Pod) []Cause {
	owner := metav1.GetControllerOf(p)
	ofJob := owner != nil && owner.Kind == "Job"
	switch {
	case p.Status.Phase == corev1.PodFailed && p.Status.Reason == "Evicted":
		return []Cause{
			seen(Evicted, "The node threw pod %s out: %s", p.Name, p.Status.Message),
			look(Evicted, "See what the node lacks: kubectl describe node %s", p.Spec.NodeName),
		}
	case p.Status.Phase == corev1.PodSucceeded && !ofJob:
		return []Cause{
			seen(Completed, "Pod %s has ended: its command finished without an error.", p.Name),
			look(Completed, "A pod runs as long as its command does. See what it printed: %s", x.kubectl("logs %s", p.Name)),
		}
	}
	return nil
}

// onLostNode explains a pod whose node does not answer.
func (x explainer) onLostNode(p *corev1.Pod) []Cause {
	node := snapshot.Named(x.Nodes, p.Spec.NodeName)
	if node == nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return nil
	}
	return x.lost(node)
}

// terminating explains an object that is being deleted and does not go.
func (x explainer) terminating(kind string, o metav1.Object) []Cause {
	since := o.GetDeletionTimestamp()
	if since == nil || x.Age(since.Time) < 2*settling {
		return nil
	}
	chain := []Cause{seen(TerminatingStuck, "%s %s is being deleted, but does not go away.", kind, o.GetName())}
	if waits := o.GetFinalizers(); len(waits) > 0 {
		return append(chain,
			look(TerminatingStuck, "It waits for its finalizers: %s. Whoever owns them has to finish first.", and(waits)),
			fix(TerminatingStuck, "If their owner is gone for good: %s",
				x.kubectl(`patch %s %s --type=merge -p '{"metadata":{"finalizers":null}}'`, kind, o.GetName())))
	}
	if p, ok := o.(*corev1.Pod); ok {
		return append(chain, x.onLostNode(p)...)
	}
	return chain
}
