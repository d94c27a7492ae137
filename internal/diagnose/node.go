package diagnose

import (
	corev1 "k8s.io/api/core/v1"
)

// node explains a node that takes no pods or does not answer.
func (x explainer) node(n *corev1.Node) []Cause {
	if chain := x.lost(n); chain != nil {
		return chain
	}
	if n.Spec.Unschedulable {
		return cordon(n)
	}
	return nil
}

// lost explains a node that is not Ready.
func (x explainer) lost(n *corev1.Node) []Cause {
	for _, c := range n.Status.Conditions {
		if c.Type != corev1.NodeReady || c.Status == corev1.ConditionTrue {
			continue
		}
		how := "says that it is not Ready"
		if c.Status == corev1.ConditionUnknown {
			how = "does not answer any more"
		}
		return []Cause{
			seen(NodeNotReady, "Node %s %s: %s", n.Name, how, trimDetail(c.Message)),
			look(NodeNotReady, "See its conditions: kubectl describe node %s", n.Name),
		}
	}
	return nil
}

func (x explainer) cordoned() []Cause {
	var chain []Cause
	for i := range x.Nodes {
		if x.Nodes[i].Spec.Unschedulable {
			chain = append(chain, cordon(&x.Nodes[i])...)
		}
	}
	return chain
}

func cordon(n *corev1.Node) []Cause {
	return []Cause{
		look(Cordoned, "Node %s takes no new pods: it is cordoned. See: kubectl get nodes", n.Name),
		fix(Cordoned, "kubectl uncordon %s", n.Name),
	}
}
