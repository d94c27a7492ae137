//go:build e2e && linux

package check

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"labctl.dev/labctl/internal/check/load"
	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/stimulus"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/ledger"
)

// TestStimuliAreTakenBack does each stimulus as a run that is then killed, and
// takes it back from the ledger alone.
func TestStimuliAreTakenBack(t *testing.T) {
	tests := map[string]lab.Stimulus{
		"rollout of an image": {Rollout: &lab.RolloutStimulus{Deployment: "web", Image: "labctl.dev/web:v2"}},
		"rollout of env":      {Rollout: &lab.RolloutStimulus{Deployment: "web", Env: map[string]string{"A": "2", "B": "3"}}},
		"rollout of nothing":  {Rollout: &lab.RolloutStimulus{Deployment: "web"}},
		"rollout that fails":  {Rollout: &lab.RolloutStimulus{Deployment: "web", Image: "labctl.dev/none:v9", Fails: true}},
		"scale":               {Scale: &lab.ScaleStimulus{Of: "deployment/web", Replicas: 4}},
		"scale to nothing":    {Scale: &lab.ScaleStimulus{Of: "deployment/web"}},
		"delete a pod":        {Delete: &lab.DeleteStimulus{Kind: "Pod", Of: "deployment/web", Count: 1}},
		"delete a service":    {Delete: &lab.DeleteStimulus{Kind: "Service", Name: "web"}},
		"delete a deployment": {Delete: &lab.DeleteStimulus{Kind: "Deployment", Name: "web"}},
		"apply": {Apply: &lab.ApplyStimulus{Restart: []string{"deployment/web"}, Objects: []map[string]any{
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "settings"}, "data": map[string]any{"greeting": "changed", "more": "x"}},
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "new"}},
		}}},
		"exec": {Exec: &lab.ExecStimulus{
			Of: "deployment/web", Command: []string{"curl", "-sSf", "-X", "POST", "http://127.0.0.1:8080/admin/unready?value=true"},
			Undo: []string{"curl", "-sSf", "-X", "POST", "http://127.0.0.1:8080/admin/unready?value=false"},
		}},
	}
	for name, spec := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shop)
			before := w.state()
			w.kill(spec)
			if err := UndoPending(t.Context(), World{Client: w.client}, w.ledger); err != nil {
				t.Fatal(err)
			}
			if after := w.state(); after != before {
				t.Error(cmp.Diff(before, after))
			}
			if left, err := w.ledger.Pending(); err != nil || len(left) > 0 {
				t.Errorf("left in the ledger: %v, %v", left, err)
			}
			w.applyConflictFree()
		})
	}
}

// kill does a stimulus and forgets about it.
func (w *world) kill(spec lab.Stimulus) {
	w.Helper()
	st, err := stimulus.Of(&stimulus.Env{
		Client: w.client, Namespace: w.namespace, Prober: prober.New(w.client), Loaded: func(string, *load.Load) {},
	}, spec)
	if err != nil {
		w.Fatal(err)
	}
	record, err := st.Plan(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	data, err := record.JSON()
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.ledger.Begin(ledger.Entry{Kind: ledger.KindStimulus, Name: stimulus.Name(spec), Undo: data}); err != nil {
		w.Fatal(err)
	}
	if err := st.Do(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// state is all that a learner wrote, or sees of it: specs, the managers of
// fields, the workload's numbers, the ReplicaSets.
func (w *world) state() string {
	w.Helper()
	seen := map[string]any{}
	for _, kind := range []string{"Deployment", "Service", "ConfigMap", "ReplicaSet"} {
		objects, err := w.client.List(w.Context(), kind, "", w.namespace, "")
		if err != nil {
			w.Fatal(err)
		}
		for i := range objects {
			seen[kind+"/"+objects[i].GetName()] = essence(&objects[i])
		}
	}
	pods, err := w.client.PodsOf(w.Context(), w.namespace, "deployment/web")
	if err != nil {
		w.Fatal(err)
	}
	for _, p := range pods {
		if p.DeletionTimestamp != nil || p.Status.Phase != "Running" || !p.Status.ContainerStatuses[0].Ready {
			seen["Pod/"+p.Name] = p.Status
		}
	}
	seen["pods"] = len(pods)
	data, err := json.MarshalIndent(seen, "", " ")
	if err != nil {
		w.Fatal(err)
	}
	return string(data)
}

func essence(o *unstructured.Unstructured) any {
	var managers []string
	for _, m := range o.GetManagedFields() {
		managers = append(managers, m.Manager+" "+string(m.Operation)+" "+m.Subresource)
	}
	slices.Sort(managers)
	e := map[string]any{"labels": o.GetLabels(), "annotations": o.GetAnnotations(), "data": o.Object["data"], "spec": o.Object["spec"]}
	if o.GetKind() != "ReplicaSet" { // its controller writes it all the time
		e["managers"] = managers
	}
	return e
}

// applyConflictFree does what a learner does next: another server-side apply.
func (w *world) applyConflictFree() {
	w.Helper()
	m, err := w.client.Mapping("Deployment", "apps/v1")
	if err != nil {
		w.Fatal(err)
	}
	next := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"replicas": int64(1), "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec": map[string]any{"containers": []any{map[string]any{
					"name": "web", "image": "labctl.dev/web:v2", "env": []any{map[string]any{"name": "A", "value": "9"}},
				}}},
			},
		},
	}}
	_, err = w.client.Resource(m, w.namespace).Apply(w.Context(), "web", next, metav1.ApplyOptions{FieldManager: "labctl"})
	if err != nil {
		w.Errorf("the learner's next apply: %v", err)
	}
}

// TestUndoLeavesTheLearnersChanges lets the learner write while a check runs.
func TestUndoLeavesTheLearnersChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)
	w.kill(lab.Stimulus{Scale: &lab.ScaleStimulus{Of: "deployment/web", Replicas: 3}})
	_, err := w.client.Typed.AppsV1().Deployments(w.namespace).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"spec": {"replicas": 5}}`), metav1.PatchOptions{FieldManager: "learner"})
	if err != nil {
		t.Fatal(err)
	}
	if err := UndoPending(t.Context(), World{Client: w.client}, w.ledger); err != nil {
		t.Fatal(err)
	}
	if x := w.run(lab.Check{Expect: []lab.Expect{deployment("self.spec.replicas == 5")}}); x.Verdict != Pass {
		t.Errorf("the learner's scale was lost: %s", x.Observed)
	}
}

// TestNamespaceGoesAway deletes everything in the middle of a check.
func TestNamespaceGoesAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)
	go func() {
		w.scaled("web", 3)
		_ = w.client.Typed.CoreV1().Namespaces().Delete(context.Background(), w.namespace, metav1.DeleteOptions{}) // seen below
	}()
	x := w.run(lab.Check{
		When:   []lab.Stimulus{{Scale: &lab.ScaleStimulus{Of: "deployment/web", Replicas: 3}}},
		Expect: []lab.Expect{within(40*time.Second, deployment("self.status.readyReplicas == 99"))},
	})
	if x.Verdict != Fail {
		t.Errorf("verdict %s %s", x.Verdict, x.Code)
	}
	if left, err := w.ledger.Pending(); err != nil || len(left) > 0 {
		t.Errorf("left in the ledger: %v, %v", left, err)
	}
}

// TestImpossibleStimuli has the learner's work stand in the way of what a check
// does: that is a finding about the work, and nothing stays to be undone.
func TestImpossibleStimuli(t *testing.T) {
	exec := lab.Stimulus{Exec: &lab.ExecStimulus{
		Of: "deployment/web", Command: []string{"freeze-it"}, Undo: []string{"thaw-it"},
	}}
	refused := lab.Stimulus{Exec: &lab.ExecStimulus{
		Of: "deployment/web", Command: []string{"curl", "-sSf", "http://127.0.0.1:8080/none"}, Undo: []string{"true"},
	}}
	apply := lab.Stimulus{Apply: &lab.ApplyStimulus{Objects: []map[string]any{
		{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "settings"}, "data": map[string]any{"greeting": "changed"}},
	}}}
	tests := map[string]struct {
		objects string
		spec    lab.Stimulus
		code    string
		because string // a part of the causes, or of the message
	}{
		"a program the image lacks": {shop, exec, CodeNotReady, "has no program freeze-it"},
		"a command that fails":      {shop, refused, CodeCommandFailed, "exit code 22: curl: the answer was 404"},
		"an immutable ConfigMap":    {shop + "immutable: true\n", apply, CodeRefused, "field is immutable"},
		"a quota": {shop + `---
apiVersion: v1
kind: ResourceQuota
metadata: {name: small}
spec: {hard: {services: "1"}}
`, lab.Stimulus{Apply: &lab.ApplyStimulus{Objects: []map[string]any{
			{"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "new"}, "spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}},
		}}}, CodeRefused, "ResourceQuota small does not allow it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.objects)
			w.counted()
			r := w.run(lab.Check{When: []lab.Stimulus{tt.spec}, Expect: []lab.Expect{deployment("true")}})
			said := r.Message
			for _, c := range r.Causes {
				said += "\n" + c.Text
			}
			if r.Verdict != Fail || r.Code != tt.code || !strings.Contains(said, tt.because) {
				t.Errorf("%s%s", explain(r), said)
			}
			if r.WaitedMs >= (30 * time.Second).Milliseconds() { // what a command may take, the shortest of what is waited for
				t.Errorf("it waited for what could not come: %s", explain(r))
			}
			if left, err := w.ledger.Pending(); err != nil || len(left) > 0 {
				t.Errorf("left in the ledger: %v, %v", left, err)
			}
		})
	}
}
