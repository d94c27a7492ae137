package reset

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "baseline", "registry")
	if _, err := load(path); !errors.Is(err, ErrNoBaseline) {
		t.Errorf("without a baseline: %v", err)
	}
	saved := &snapshot{Revision: 7, Objects: map[string][]byte{"/registry/a": {0, 1}}}
	if err := saved.save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Revision != 7 || !bytes.Equal(loaded.Objects["/registry/a"], []byte{0, 1}) {
		t.Errorf("loaded %+v", loaded)
	}
}

func TestBatches(t *testing.T) {
	big := edit{"big", make([]byte, maxBytes)}
	for _, test := range []struct {
		name  string
		edits []edit
		want  []int
	}{
		{"none", nil, nil},
		{"one", []edit{{"a", nil}}, []int{1}},
		{"too many", make([]edit, maxOps+1), []int{maxOps, 1}},
		{"too big", []edit{{"a", nil}, big, {"b", nil}}, []int{1, 1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := batches(test.edits)
			if len(got) != len(test.want) {
				t.Fatalf("%d batches, want %v", len(got), test.want)
			}
			for i, batch := range got {
				if len(batch) != test.want[i] {
					t.Errorf("batch %d has %d edits, want %d", i, len(batch), test.want[i])
				}
			}
		})
	}
}

func podOf(t *testing.T, name, replicaSet string, ready corev1.ConditionStatus) (string, []byte) {
	p := &corev1.Pod{ObjectMeta: meta(name, name)}
	p.Spec.NodeName = "n"
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	if replicaSet != "" {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: replicaSet, Controller: ptr.To(true)}}
	}
	return podKeys + "lab/" + name, stored(t, p)
}

func TestPodsOfBaseline(t *testing.T) {
	base := &snapshot{Objects: map[string][]byte{"/registry/configmaps/lab/a": configMap(t, "a", "1", "x")}}
	for _, p := range []struct {
		name, replicaSet string
		ready            corev1.ConditionStatus
	}{{"web-1", "web", "True"}, {"web-2", "web", "True"}, {"web-3", "web", "False"}, {"bare", "", "True"}} {
		key, value := podOf(t, p.name, p.replicaSet, p.ready)
		base.Objects[key] = value
	}
	want, err := expected(base)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 2 || want["ReplicaSet lab/web"] != 2 || want["Pod lab/bare"] != 1 {
		t.Errorf("expects %v", want)
	}
	bare, err := barePods(base)
	if err != nil {
		t.Fatal(err)
	}
	if len(bare) != 1 || bare[0].Name != "bare" || bare[0].UID != "" || bare[0].Spec.NodeName != "" || len(bare[0].Status.Conditions) > 0 {
		t.Errorf("bare pods %+v", bare)
	}
}
