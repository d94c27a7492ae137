//go:build e2e && linux

package check

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/check/stimulus"
	"labctl.dev/labctl/internal/lab"
)

// budget allows no pod of the shop to go.
const budget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
`

// TestDrain empties the only node. It runs alone: every pod of the cluster goes.
func TestDrain(t *testing.T) {
	w := newWorld(t, shop)
	drain := lab.Stimulus{Drain: &lab.DrainStimulus{Of: "deployment/web", Within: lab.Duration(40 * time.Second)}}
	homeless := `self.items.size() == 2 && self.items.all(p, p.status.phase == "Pending")`
	r := w.run(lab.Check{
		When:   []lab.Stimulus{drain},
		Expect: []lab.Expect{within(20*time.Second, lab.Expect{Kubernetes: &lab.KubernetesProbe{Kind: "Pod", Of: "deployment/web"}, That: homeless})},
	})
	if r.Verdict != Pass {
		t.Error(explain(r))
	}
	w.schedulable()
	if r := w.run(lab.Check{Expect: []lab.Expect{within(40*time.Second, deployment("self.status.readyReplicas == 2"))}}); r.Verdict != Pass {
		t.Errorf("the pods did not come back: %s", explain(r))
	}
	w.applyOnly(budget)
	drain.Drain.Within = lab.Duration(5 * time.Second)
	if r := w.run(lab.Check{When: []lab.Stimulus{drain}, Expect: []lab.Expect{deployment("")}}); r.Verdict != Fail || r.Code != stimulus.DrainBlocked {
		t.Error(explain(r))
	}
	w.schedulable()
}

// schedulable fails the test if a node is still cordoned.
func (w *world) schedulable() {
	w.Helper()
	nodes, err := w.client.Typed.CoreV1().Nodes().List(w.Context(), metav1.ListOptions{})
	if err != nil {
		w.Fatal(err)
	}
	for _, n := range nodes.Items {
		if n.Spec.Unschedulable {
			w.Errorf("node %s is still cordoned", n.Name)
		}
	}
}
