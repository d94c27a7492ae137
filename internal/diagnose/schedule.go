package diagnose

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/near"
)

// unplaced explains a pod that no node takes.
func (x explainer) unplaced(p *corev1.Pod) []Cause {
	if p.Spec.NodeName != "" {
		return nil
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return x.unschedulable(p, c)
		}
	}
	if x.Age(p.CreationTimestamp.Time) < settling {
		return nil
	}
	return []Cause{
		seen(Unschedulable, "Pod %s is on no node: the scheduler has not looked at it.", p.Name),
		look(Unschedulable, "It waits for a scheduler called %q. Is one of that name running?", p.Spec.SchedulerName),
	}
}

func (x explainer) unschedulable(p *corev1.Pod, c corev1.PodCondition) []Cause {
	if c.Reason == corev1.PodReasonSchedulingGated {
		return []Cause{
			seen(Unschedulable, "Pod %s is on no node.", p.Name),
			seen(PlacementRules, "It waits for its scheduling gates to be taken away: %s", c.Message),
		}
	}
	chain := []Cause{
		seen(Unschedulable, "Pod %s is on no node: none of the cluster's nodes (%d) takes it.", p.Name, len(x.Nodes)),
		look(Unschedulable, "The scheduler says: %s. See: %s", scheduler(c.Message), x.kubectl("describe pod %s", p.Name)),
	}
	for _, reason := range message.Unscheduled(c.Message) {
		chain = append(chain, x.unfit(p, reason)...)
	}
	return chain
}

// scheduler takes the first sentence of what the scheduler says: the rest is
// about making room by ending other pods.
func scheduler(text string) string {
	text, _, _ = strings.Cut(text, " preemption:")
	return strings.TrimSuffix(strings.TrimSuffix(text, " not found"), ".")
}

// unfit explains one of the scheduler's reasons.
func (x explainer) unfit(p *corev1.Pod, reason message.Unplaced) []Cause {
	switch text := reason.Reason; {
	case strings.HasPrefix(text, "Insufficient "):
		return x.insufficient(p, corev1.ResourceName(strings.TrimPrefix(text, "Insufficient ")))
	case text == "Too many pods":
		return x.insufficient(p, corev1.ResourcePods)
	case strings.Contains(text, "node affinity/selector"):
		return x.wrongNodeLabels(p)
	case strings.Contains(text, "taint"):
		return x.tainted(p)
	case strings.Contains(text, "were unschedulable"):
		return x.cordoned()
	case strings.Contains(text, "PersistentVolumeClaim"), strings.Contains(text, "persistentvolumeclaim"):
		return x.claims(p)
	case strings.Contains(text, "affinity"), strings.Contains(text, "topology"), strings.Contains(text, "free ports"), strings.Contains(text, "requested node name"):
		return []Cause{seen(PlacementRules, "Its placement rules leave no node: %s (%s).", text, count(max(reason.Nodes, 1), "node"))}
	}
	return nil
}

func (x explainer) wrongNodeLabels(p *corev1.Pod) []Cause {
	wanted := p.Spec.NodeSelector
	if len(wanted) == 0 {
		return []Cause{look(NodeSelectorMismatch, "Its node affinity matches no node. Compare: kubectl get nodes --show-labels")}
	}
	chain := []Cause{look(NodeSelectorMismatch, "Its nodeSelector asks for %s, and no node that could take it carries that. Compare: kubectl get nodes --show-labels", pairs(wanted))}
	for key, value := range wanted {
		if best, ok := near.Best(key+"="+value, x.nodeLabels()); ok && !strings.HasPrefix(best, "kubernetes.io/hostname=") {
			chain = append(chain, fix(NodeSelectorMismatch, "A node carries %s.", best))
		}
	}
	return chain
}

func (x explainer) nodeLabels() []string {
	var labels []string
	for i := range x.Nodes {
		for key, value := range x.Nodes[i].Labels {
			labels = append(labels, key+"="+value)
		}
	}
	return sorted(labels)
}

func (x explainer) tainted(p *corev1.Pod) []Cause {
	var chain []Cause
	for i := range x.Nodes {
		node := &x.Nodes[i]
		if lost := x.lost(node); lost != nil {
			chain = append(chain, lost...)
			continue
		}
		for _, taint := range node.Spec.Taints {
			if taint.Effect == corev1.TaintEffectPreferNoSchedule || tolerated(p, taint) {
				continue
			}
			chain = append(chain,
				look(UntoleratedTaint, "Node %s keeps off pods that do not tolerate its taint %s.", node.Name, taintText(taint)),
				fix(UntoleratedTaint, "Add a toleration for %s to the pod, or take the taint away: kubectl taint nodes %s %s-", taint.Key, node.Name, taint.Key))
		}
	}
	return chain
}

// tolerated follows the API's rules: an empty key or effect matches all.
func tolerated(p *corev1.Pod, taint corev1.Taint) bool {
	for _, t := range p.Spec.Tolerations {
		keyed := t.Key == taint.Key || t.Key == "" && t.Operator == corev1.TolerationOpExists
		valued := t.Operator == corev1.TolerationOpExists || t.Value == taint.Value
		if keyed && valued && (t.Effect == "" || t.Effect == taint.Effect) {
			return true
		}
	}
	return false
}

func taintText(t corev1.Taint) string {
	if t.Value == "" {
		return fmt.Sprintf("%s:%s", t.Key, t.Effect)
	}
	return fmt.Sprintf("%s=%s:%s", t.Key, t.Value, t.Effect)
}
