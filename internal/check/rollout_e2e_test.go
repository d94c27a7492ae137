//go:build e2e && linux

package check

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/lab"
)

// TestCarefulRollouts has pods that settle one after the other: together they
// take longer than the stimulus allows without getting on.
func TestCarefulRollouts(t *testing.T) {
	t.Parallel()
	check := lab.Check{
		When: []lab.Stimulus{{Rollout: &lab.RolloutStimulus{
			Deployment: "web", Image: "labctl.dev/web:v2", Within: lab.Duration(20 * time.Second),
		}}},
		Expect: []lab.Expect{deployment("self.status.updatedReplicas == 4")},
	}
	// Four steps of eight seconds: more than the stimulus may take for one.
	careful := strings.Replace(shop, "replicas: 2", "replicas: 4\n  minReadySeconds: 8\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", 1)
	if r := newWorld(t, careful).run(check); r.Verdict != Pass {
		t.Error(explain(r))
	}
	slow := strings.Replace(careful, "minReadySeconds: 8", "minReadySeconds: 60", 1)
	w := newWorld(t, "")
	w.applyOnly(slow)
	check.When[0].Rollout.Within = lab.Duration(12 * time.Second)
	if r := w.run(check); r.Verdict != Pending || r.Code != CodeRolloutStuck || !strings.Contains(r.Message, "minReadySeconds 60") {
		t.Error(explain(r))
	}
}

// TestHistorySurvives has a history that is as long as the learner allows: after
// the check `kubectl rollout undo` still leads where it did.
func TestHistorySurvives(t *testing.T) {
	t.Parallel()
	for _, kept := range []int{0, 1, 3} {
		limit := strconv.Itoa(kept)
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			text := strings.Replace(shop, "replicas: 2", "replicas: 2\n  revisionHistoryLimit: "+limit, 1)
			for _, value := range []string{"1", "2", "3", "4"} {
				w.apply(strings.Replace(text, `value: "1"`, `value: "`+value+`"`, 1))
			}
			for len(w.history()) != kept+1 || !w.rolledOut("web") || strings.Contains(w.state(), `"Pod/`) {
				if !sleep(t.Context(), 200*time.Millisecond) {
					return
				}
			}
			before, state := w.history(), w.state()
			rolledOut := deployment("self.status.updatedReplicas == 2")
			rolledOut.Within = lab.Duration(time.Minute) // nothing waits for what apply brings about
			r := w.run(lab.Check{
				When: []lab.Stimulus{
					{Rollout: &lab.RolloutStimulus{Deployment: "web", Image: "labctl.dev/web:v2"}},
					{Rollout: &lab.RolloutStimulus{Deployment: "web", Env: map[string]string{"B": "1"}}},
					{Apply: &lab.ApplyStimulus{Objects: []map[string]any{annotated()}}},
				},
				Expect: []lab.Expect{rolledOut},
			})
			if r.Verdict != Pass {
				t.Error(explain(r))
			}
			sleep(t.Context(), 2*time.Second) // the controller has seen the limit by then
			if d := cmp.Diff(before, w.history()) + cmp.Diff(state, w.state()); d != "" {
				t.Error(d)
			}
		})
	}
}

// rolledOut says that a Deployment has no other Pods than those of its template.
func (w *world) rolledOut(name string) bool {
	w.Helper()
	d, err := w.client.Typed.AppsV1().Deployments(w.namespace).Get(w.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.Fatal(err)
	}
	s, want := d.Status, *d.Spec.Replicas
	return s.ObservedGeneration == d.Generation && s.Replicas == want && s.UpdatedReplicas == want && s.AvailableReplicas == want
}

// annotated is what gives the shop's Deployment another template, and sets a limit
// that would leave it no history.
func annotated() map[string]any {
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"revisionHistoryLimit": int64(0),
			"template":             map[string]any{"metadata": map[string]any{"annotations": map[string]any{"applied": "yes"}}},
		},
	}
}

// history is the revisions of the Deployment, with what each says of itself.
func (w *world) history() []string {
	w.Helper()
	sets, err := w.client.List(w.Context(), "ReplicaSet", "", w.namespace, "")
	if err != nil {
		w.Fatal(err)
	}
	var all []string
	for i := range sets {
		if sets[i].GetDeletionTimestamp() == nil {
			data, err := json.Marshal([]any{sets[i].GetName(), sets[i].GetAnnotations(), sets[i].GetUID()})
			if err != nil {
				w.Fatal(err)
			}
			all = append(all, string(data))
		}
	}
	return all
}
