package diagnose

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func requests(cpu, memory string) func(*corev1.Pod) {
	return with(func(c *corev1.Container) {
		c.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse(cpu), "memory": resource.MustParse(memory)}
	})
}

func TestUnschedulable(t *testing.T) {
	ask := about("Pod", "a")
	no := func(reason string) func(*corev1.Pod) {
		return unplaced("0/1 nodes are available: 1 " + reason + ". preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.")
	}
	elsewhere := pod("b", requests("1500m", "1Gi"))
	elsewhere.Namespace = "default"
	over := pod("c", requests("2", "1Gi"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })
	disk := func(value string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"disk": value} }
	}
	taint := corev1.Taint{Key: "team", Value: "a", Effect: corev1.TaintEffectNoSchedule}
	tainted := node("node-1", func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{taint} })
	cordoned := node("node-1", func(n *corev1.Node) { n.Spec.Unschedulable = true })
	run(t, []tell{
		{name: "more than any node has", ask: ask, codes: "Unschedulable InsufficientCPU", x: of(pod("a", no("Insufficient cpu"), requests("64", "1Gi"))),
			texts: []string{"nodes (1) takes it", "asks for 64 CPU. Node node-1 has 2 CPU in all, of which 2 CPU are left", "says: 0/1 nodes are available: 1 Insufficient cpu. See", "No node is that big"}},
		{name: "others have it", ask: ask, codes: "Unschedulable InsufficientCPU", x: of(elsewhere, over, pod("a", no("Insufficient cpu"), requests("1", "1Gi"))),
			texts: []string{"asks for 1 CPU. Node node-1 has 2 CPU in all, of which 0.5 CPU are left", "make room"}},
		{name: "memory", ask: ask, codes: "Unschedulable InsufficientMemory", x: of(pod("a", no("Insufficient memory"), requests("1", "64Gi"))), texts: []string{"64 GiB of memory"}},
		{name: "both", ask: ask, codes: "Unschedulable InsufficientCPU InsufficientMemory",
			x: of(pod("a", unplaced("0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory."), requests("64", "64Gi")))},
		{name: "gpu", ask: ask, codes: "Unschedulable InsufficientResource", x: of(pod("a", no("Insufficient nvidia.com/gpu")))},
		{name: "selector", ask: ask, codes: "Unschedulable NodeSelectorMismatch", x: of(pod("a", no("node(s) didn't match Pod's node affinity/selector"), disk("sdd"))),
			texts: []string{"asks for disk=sdd", "2 NodeSelectorMismatch: A node carries disk=ssd"}},
		{name: "taint", ask: ask, codes: "Unschedulable UntoleratedTaint", x: of(tainted, pod("a", no("node(s) had untolerated taint(s)"))), texts: []string{"team=a:NoSchedule"}},
		{name: "cordoned", ask: ask, codes: "Unschedulable Cordoned", x: of(cordoned, pod("a", no("node(s) were unschedulable"))), texts: []string{"kubectl uncordon node-1"}},
		{name: "anti-affinity", ask: ask, codes: "Unschedulable PlacementRules", x: of(pod("a", no("node(s) didn't match pod anti-affinity rules")))},
		{name: "no scheduler", ask: ask, codes: "Unschedulable", x: of(pod("a", unplaced(""), func(p *corev1.Pod) {
			p.Status.Conditions, p.Spec.SchedulerName = nil, "mine"
		})), texts: []string{`"mine"`}},
		{name: "node cordoned, pod runs", ask: ask, x: of(cordoned, pod("a"))},
		{name: "the cordoned node itself", ask: about("Node", "node-1"), codes: "Cordoned", x: of(cordoned)},
	})
}

func TestTolerated(t *testing.T) {
	taint := corev1.Taint{Key: "team", Value: "a", Effect: corev1.TaintEffectNoSchedule}
	tests := []struct {
		name string
		with corev1.Toleration
		want bool
	}{
		{"the same", corev1.Toleration{Key: "team", Value: "a", Effect: corev1.TaintEffectNoSchedule}, true},
		{"any effect", corev1.Toleration{Key: "team", Value: "a"}, true},
		{"any value", corev1.Toleration{Key: "team", Operator: corev1.TolerationOpExists}, true},
		{"anything", corev1.Toleration{Operator: corev1.TolerationOpExists}, true},
		{"another value", corev1.Toleration{Key: "team", Value: "b"}, false},
		{"another effect", corev1.Toleration{Key: "team", Value: "a", Effect: corev1.TaintEffectNoExecute}, false},
	}
	for _, test := range tests {
		p := &corev1.Pod{Spec: corev1.PodSpec{Tolerations: []corev1.Toleration{test.with}}}
		if got := tolerated(p, taint); got != test.want {
			t.Errorf("%s: tolerated = %v, want %v", test.name, got, test.want)
		}
	}
}
