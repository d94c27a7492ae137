package undo_test

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
)

// fixed is a mapper that knows a few kinds and learns no more.
type fixed struct{ *meta.DefaultRESTMapper }

func (fixed) Reset() {}

// cluster is a client of a fake API with these objects.
func cluster(t *testing.T, objects ...*unstructured.Unstructured) *kube.Client {
	t.Helper()
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"ConfigMap", "Pod"} {
		mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: kind}, meta.RESTScopeNamespace)
	}
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	var list []runtime.Object
	for _, o := range objects {
		list = append(list, o)
	}
	return kube.FromParts(fake.NewClientset(), dynamicfake.NewSimpleDynamicClient(runtime.NewScheme(), list...), fixed{mapper})
}

func configMap(value string, managers ...string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": "shop", "name": "settings", "uid": "one", "resourceVersion": "7"},
		"data":     map[string]any{"greeting": value, "other": "stays"},
	}}
	o.SetManagedFields(entries(managers...))
	return o
}

func entries(managers ...string) []metav1.ManagedFieldsEntry {
	at := metav1.NewTime(time.Unix(1000, 0))
	var list []metav1.ManagedFieldsEntry
	for _, m := range managers {
		list = append(list, metav1.ManagedFieldsEntry{Manager: m, Operation: metav1.ManagedFieldsOperationUpdate, Time: &at})
	}
	return list
}

// replay sends a record through JSON, as a ledger does, and runs it.
func replay(t *testing.T, client *kube.Client, r undo.Record) {
	t.Helper()
	data, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := undo.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what was undone already is not undone again
		if err := undo.Run(t.Context(), undo.World{Client: client}, back); err != nil {
			t.Fatalf("undo: %v", err)
		}
	}
}

func get(t *testing.T, client *kube.Client) *unstructured.Unstructured {
	t.Helper()
	o, err := client.Get(context.Background(), "ConfigMap", "v1", "shop", "settings")
	if err != nil {
		return nil
	}
	return o
}

func greeting(o *unstructured.Unstructured) string {
	text, _, _ := unstructured.NestedString(o.Object, "data", "greeting")
	return text
}

func edit(uid types.UID) undo.Record {
	before, after := configMap("hello", "kubectl"), configMap("changed")
	return undo.Record{Edits: []undo.Edit{{
		Ref: undo.RefOf(before), UID: uid, Changes: revert.Diff(before.Object, after.Object), Managers: before.GetManagedFields(),
	}}}
}

func TestEditsAreReverted(t *testing.T) {
	tests := map[string]struct {
		now  *unstructured.Unstructured
		uid  types.UID
		want string
	}{
		"as we left it":          {configMap("changed", "kubectl", undo.Manager), "one", "hello"},
		"changed by the learner": {configMap("mine", "kubectl"), "one", "mine"},
		"made anew":              {configMap("changed"), "another", "changed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			client := cluster(t, tt.now)
			replay(t, client, edit(tt.uid))
			if got := greeting(get(t, client)); got != tt.want {
				t.Errorf("greeting %q, want %q", got, tt.want)
			}
		})
	}
}

func TestManagersGetTheirFieldsBack(t *testing.T) {
	learner := entries("kubectl-edit")
	later := metav1.NewTime(time.Unix(2000, 0))
	learner[0].Time = &later
	wrote := configMap("changed", "kubectl", undo.Manager)
	wrote.SetManagedFields(append(wrote.GetManagedFields(), learner...))
	tests := map[string]struct {
		now  *unstructured.Unstructured
		want []string
	}{
		"nobody else wrote":        {configMap("changed", "kubectl", undo.Manager), []string{"kubectl"}},
		"the learner wrote, since": {wrote, []string{"kubectl", "kubectl-edit"}},
	}
	for name, tt := range tests {
		client := cluster(t, tt.now)
		replay(t, client, edit("one"))
		var got []string
		for _, m := range get(t, client).GetManagedFields() {
			got = append(got, m.Manager)
		}
		if len(got) != len(tt.want) || got[0] != tt.want[0] || got[len(got)-1] != tt.want[len(tt.want)-1] {
			t.Errorf("%s: managers %v, want %v", name, got, tt.want)
		}
	}
}

func TestCreatedIsRemovedIfOurs(t *testing.T) {
	ref := undo.RefOf(configMap(""))
	for manager, want := range map[string]bool{undo.Manager: false, "kubectl": true} {
		client := cluster(t, configMap("x", manager))
		replay(t, client, undo.Record{Created: []undo.Ref{ref}})
		if there := get(t, client) != nil; there != want {
			t.Errorf("made by %s: there %v, want %v", manager, there, want)
		}
	}
}

func TestDeletedIsPutBack(t *testing.T) {
	client := cluster(t)
	replay(t, client, undo.Record{Deleted: []map[string]any{configMap("hello", "kubectl").Object}})
	back := get(t, client)
	if back == nil || greeting(back) != "hello" || back.GetUID() == "one" {
		t.Fatalf("put back: %v", back)
	}
	client = cluster(t, configMap("the learner's own"))
	other := configMap("hello")
	other.SetUID("gone")
	replay(t, client, undo.Record{Deleted: []map[string]any{other.Object}})
	if got := greeting(get(t, client)); got != "the learner's own" {
		t.Errorf("overwrote what the learner made: %q", got)
	}
}

// A version that is still there has the name that the new workload wants for its own.
func TestAWorkloadIsPutBackAfterItsVersions(t *testing.T) {
	client, looks := cluster(t), 0
	was := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"namespace": "shop", "name": "web", "uid": "one"},
	}}
	version := appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", OwnerReferences: []metav1.OwnerReference{{UID: "one"}}}}
	client.Typed.(*fake.Clientset).PrependReactor("list", "replicasets", func(clienttesting.Action) (bool, runtime.Object, error) {
		if looks++; looks > 3 {
			return true, &appsv1.ReplicaSetList{}, nil
		}
		if _, err := client.Get(t.Context(), "Deployment", "apps/v1", "shop", "web"); err == nil {
			t.Errorf("at look %d it is back already", looks)
		}
		return true, &appsv1.ReplicaSetList{Items: []appsv1.ReplicaSet{version}}, nil
	})
	if err := undo.Run(t.Context(), undo.World{Client: client}, undo.Record{Deleted: []map[string]any{was.Object}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), "Deployment", "apps/v1", "shop", "web"); err != nil || looks != 4 {
		t.Errorf("after %d looks: %v", looks, err)
	}
}

func TestNothingLeftToUndo(t *testing.T) {
	r := edit("one")
	r.Created = []undo.Ref{{APIVersion: "example.com/v1", Kind: "Gone", Namespace: "shop", Name: "x"}}
	r.Execs = []undo.Exec{{Namespace: "shop", Pod: "web-1", UID: "x", Container: "web", Command: []string{"true"}}}
	replay(t, cluster(t), r)
	if (undo.Record{}).Empty() != true || r.Empty() {
		t.Error("Empty is wrong")
	}
}
