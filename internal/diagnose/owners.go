package diagnose

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// workloadOf returns what a learner changes to change the pod: the Deployment
// above its ReplicaSet, another controller, or the pod itself.
func (x explainer) workloadOf(p *corev1.Pod) (kind, name string) {
	owner := metav1.GetControllerOf(p)
	if owner == nil {
		return "Pod", p.Name
	}
	if owner.Kind != "ReplicaSet" {
		return owner.Kind, owner.Name
	}
	if set := snapshot.Named(x.ReplicaSets, owner.Name); set != nil {
		if above := metav1.GetControllerOf(set); above != nil {
			return above.Kind, above.Name
		}
	}
	return owner.Kind, owner.Name
}

// template is a workload's pod template.
type template struct {
	kind, name string
	labels     map[string]string
}

// templates lists those of the namespace's workloads, and its lone pods.
func (x explainer) templates() []template {
	var all []template
	for i := range x.Deployments {
		all = append(all, template{"Deployment", x.Deployments[i].Name, x.Deployments[i].Spec.Template.Labels})
	}
	for i := range x.StatefulSets {
		all = append(all, template{"StatefulSet", x.StatefulSets[i].Name, x.StatefulSets[i].Spec.Template.Labels})
	}
	for i := range x.DaemonSets {
		all = append(all, template{"DaemonSet", x.DaemonSets[i].Name, x.DaemonSets[i].Spec.Template.Labels})
	}
	for i := range x.ReplicaSets {
		if metav1.GetControllerOf(&x.ReplicaSets[i]) == nil {
			all = append(all, template{"ReplicaSet", x.ReplicaSets[i].Name, x.ReplicaSets[i].Spec.Template.Labels})
		}
	}
	for _, p := range x.Pods(func(p *corev1.Pod) bool { return metav1.GetControllerOf(p) == nil }) {
		all = append(all, template{"Pod", p.Name, p.Labels})
	}
	return all
}

func newestFirst(pods []*corev1.Pod) []*corev1.Pod {
	return slices.SortedStableFunc(slices.Values(pods), func(a, b *corev1.Pod) int {
		return b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
	})
}

// revision is the number that a Deployment gives its ReplicaSets.
func revision(set metav1.Object) int {
	n, err := strconv.Atoi(set.GetAnnotations()["deployment.kubernetes.io/revision"])
	if err != nil {
		return 0
	}
	return n
}
