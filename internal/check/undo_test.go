package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/ledger"
)

// onlyConfigMaps is a mapper of one kind that learns no more.
type onlyConfigMaps struct{ *meta.DefaultRESTMapper }

func (onlyConfigMaps) Reset() {}

// TestUndoPending replays two stimuli on one object: only the newest first
// gives what was there before both.
func TestUndoPending(t *testing.T) {
	value := func(v string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"key": v},
			"metadata": map[string]any{"namespace": "shop", "name": "c", "uid": "1"},
		}}
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
	dynamic := dynamicfake.NewSimpleDynamicClient(runtime.NewScheme(), value("three"))
	client := kube.FromParts(fake.NewClientset(), dynamic, onlyConfigMaps{mapper})

	l := ledger.At(filepath.Join(t.TempDir(), "ledger"))
	begin := func(kind string, r undo.Record) {
		data, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Begin(ledger.Entry{Kind: kind, Name: "x", Undo: data}); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(from, to string) undo.Record {
		return undo.Record{Edits: []undo.Edit{{
			Ref: undo.RefOf(value("")), UID: "1", Changes: revert.Diff(value(from).Object, value(to).Object),
		}}}
	}
	begin(ledger.KindStimulus, edit("one", "two"))
	begin(ledger.KindProcess, undo.Record{}) // somebody else's
	begin(ledger.KindStimulus, edit("two", "three"))

	if err := UndoPending(t.Context(), World{Client: client}, l); err != nil {
		t.Fatal(err)
	}
	now, err := client.Get(t.Context(), "ConfigMap", "v1", "shop", "c")
	if err != nil {
		t.Fatal(err)
	}
	if v, _, _ := unstructured.NestedString(now.Object, "data", "key"); v != "one" {
		t.Errorf("the object says %q, want one", v)
	}
	left, err := l.Pending()
	if err != nil || len(left) != 1 || left[0].Kind != ledger.KindProcess {
		t.Errorf("left in the ledger: %v, %v", left, err)
	}
}

func TestUndoPendingKeepsWhatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l := ledger.At(path)
	if _, err := l.Begin(ledger.Entry{Kind: ledger.KindStimulus, Name: "t/c: rollout web", Undo: []byte(`{"edits": "no"}`)}); err != nil {
		t.Fatal(err)
	}
	client := kube.FromParts(fake.NewClientset(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x"}}), nil, nil)
	err := UndoPending(t.Context(), World{Client: client}, l)
	if err == nil || !strings.Contains(err.Error(), "t/c: rollout web") {
		t.Errorf("error %v", err)
	}
	if left, err := l.Pending(); err != nil || len(left) != 1 {
		t.Errorf("left in the ledger: %v, %v", left, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
