package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// isolatedBy is the name of a NetworkPolicy that governs who may reach the pod,
// "" if none does.
func (x explainer) isolatedBy(p *corev1.Pod) string {
	for i := range x.NetworkPolicies {
		policy := &x.NetworkPolicies[i]
		selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if err != nil || !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		types := policy.Spec.PolicyTypes
		if len(types) == 0 || slices.Contains(types, networkingv1.PolicyTypeIngress) {
			return policy.Name
		}
	}
	return ""
}
