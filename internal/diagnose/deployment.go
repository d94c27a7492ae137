package diagnose

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// deployment explains a Deployment that is not what its spec says. A rollout on
// its way is no problem as long as its pods have none.
func (x explainer) deployment(d *appsv1.Deployment) []Cause {
	if replicas(d.Spec.Replicas) == 0 {
		return x.scaledToZero("Deployment", d.Name)
	}
	if d.Spec.Paused && d.Status.UpdatedReplicas < replicas(d.Spec.Replicas) {
		return []Cause{
			seen(DeploymentPaused, "Deployment %s is paused: its last change is not rolled out.", d.Name),
			look(DeploymentPaused, "See: %s", x.kubectl("rollout status deployment/%s", d.Name)),
			fix(DeploymentPaused, "%s", x.kubectl("rollout resume deployment/%s", d.Name)),
		}
	}
	if d.Status.ObservedGeneration < d.Generation && x.Age(lastChange(d)) > settling {
		return []Cause{
			seen(GenerationNotObserved, "The last change of Deployment %s has not been looked at by its controller.", d.Name),
			look(GenerationNotObserved, "Is the controller manager running? kubectl get --raw='/readyz?verbose'"),
		}
	}
	return append(x.stuck(d), x.deploymentPods(d)...)
}

// stuck tells that the rollout has passed its deadline.
func (x explainer) stuck(d *appsv1.Deployment) []Cause {
	c := condition(d, appsv1.DeploymentProgressing)
	if c == nil || c.Status != corev1.ConditionFalse || c.Reason != "ProgressDeadlineExceeded" {
		return nil
	}
	deadline := int32(600)
	if d.Spec.ProgressDeadlineSeconds != nil {
		deadline = *d.Spec.ProgressDeadlineSeconds
	}
	return []Cause{
		seen(RolloutStuck, "The rollout of Deployment %s has made no progress for %d s (progressDeadlineSeconds). Pods of the new version: %d of %d.",
			d.Name, deadline, d.Status.UpdatedReplicas, replicas(d.Spec.Replicas)),
		look(RolloutStuck, "Compare with the version before: %s", x.kubectl("rollout history deployment/%s", d.Name)),
	}
}

// deploymentPods explains the pods of the newest ReplicaSet; of the older ones
// when that has nothing to tell.
func (x explainer) deploymentPods(d *appsv1.Deployment) []Cause {
	var older []*corev1.Pod
	newest := x.newestSet(d)
	for i := range x.ReplicaSets {
		if set := &x.ReplicaSets[i]; metav1.IsControlledBy(set, d) && set != newest {
			older = append(older, x.Owned(set)...)
		}
	}
	who, want := "Deployment "+d.Name, int(replicas(d.Spec.Replicas))
	if newest == nil {
		return x.pods(who, older, want)
	}
	if refused := x.refusedPods(d, newest); refused != nil {
		return refused
	}
	if len(older) == 0 {
		return x.pods(who, x.Owned(newest), want)
	}
	if chain := x.pods("the new version of "+who, x.Owned(newest), int(replicas(newest.Spec.Replicas))); chain != nil {
		return chain
	}
	return x.pods("the old version of "+who, older, len(older))
}

// refusedPods explains a Deployment that may not make its pods, once the
// condition says so; the events of its ReplicaSet say it sooner.
func (x explainer) refusedPods(d *appsv1.Deployment, newest *appsv1.ReplicaSet) []Cause {
	if newest.Status.Replicas >= replicas(newest.Spec.Replicas) {
		return nil
	}
	chain := x.notCreatedPods("ReplicaSet", newest)
	if c := condition(d, appsv1.DeploymentReplicaFailure); chain == nil && c != nil && c.Status == corev1.ConditionTrue {
		chain = x.refusal(c.Message)
	}
	if chain == nil {
		return nil
	}
	made := seen(NotReady, "Deployment %s has %d of %d pods: the API refuses to make more.", d.Name, newest.Status.Replicas, replicas(newest.Spec.Replicas))
	return append([]Cause{made}, chain...)
}

// newestSet is the ReplicaSet of the Deployment's present template: that of the
// highest revision.
func (x explainer) newestSet(d *appsv1.Deployment) *appsv1.ReplicaSet {
	var newest *appsv1.ReplicaSet
	for i := range x.ReplicaSets {
		set := &x.ReplicaSets[i]
		if metav1.IsControlledBy(set, d) && (newest == nil || revision(set) > revision(newest)) {
			newest = set
		}
	}
	return newest
}

func condition(d *appsv1.Deployment, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	for i := range d.Status.Conditions {
		if d.Status.Conditions[i].Type == kind {
			return &d.Status.Conditions[i]
		}
	}
	return nil
}

// lastChange is when somebody last wrote the object.
func lastChange(o metav1.Object) time.Time {
	latest := o.GetCreationTimestamp().Time
	for _, m := range o.GetManagedFields() {
		if m.Time != nil && m.Time.After(latest) && m.Subresource == "" {
			latest = m.Time.Time
		}
	}
	return latest
}
