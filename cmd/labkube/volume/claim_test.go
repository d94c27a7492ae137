package volume

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/layout"
)

func claim(class, node string) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "lab", Name: "data", UID: "1", Annotations: map[string]string{provisioner: cluster.Provisioner},
	}}
	if node != "" {
		c.Annotations[selectedNode] = node
	}
	c.Spec.StorageClassName = &class
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	return c
}

func TestWanted(t *testing.T) {
	classes := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for name, mode := range map[string]storagev1.VolumeBindingMode{"late": storagev1.VolumeBindingWaitForFirstConsumer, "now": storagev1.VolumeBindingImmediate} {
		if err := classes.Add(&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, VolumeBindingMode: &mode}); err != nil {
			t.Fatal(err)
		}
	}
	bound := claim("late", "n1")
	bound.Spec.VolumeName = "pv"
	foreign := claim("late", "n1")
	foreign.Annotations[provisioner] = "example.com/other"
	for _, test := range []struct {
		name  string
		claim *corev1.PersistentVolumeClaim
		on    []int // nodes that provision it
	}{
		{"scheduled to the first", claim("late", "n1"), []int{1}},
		{"scheduled to the second", claim("late", "n2"), []int{2}},
		{"not scheduled yet", claim("late", ""), nil},
		{"immediate: the server's", claim("now", ""), []int{1}},
		{"bound", bound, nil},
		{"another provisioner's", foreign, nil},
		{"class is gone", claim("none", "n1"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var on []int
			for i, name := range []string{"n1", "n2"} {
				c := &controller{Options: Options{Node: layout.Node{Name: name, Index: i + 1}}, classes: storagelisters.NewStorageClassLister(classes)}
				class, err := c.wanted(test.claim)
				if err != nil {
					t.Fatal(err)
				}
				if class != nil {
					on = append(on, i+1)
				}
			}
			if len(on) != len(test.on) || len(on) == 1 && on[0] != test.on[0] {
				t.Errorf("provisioned by %v, want %v", on, test.on)
			}
		})
	}
}

func TestNewVolume(t *testing.T) {
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "keep"}, ReclaimPolicy: ptr.To(corev1.PersistentVolumeReclaimRetain)}
	store := NewStore(layout.Node{DataDir: "/node"})
	v, err := newVolume(claim("keep", "n1"), class, "n1", store)
	if err != nil {
		t.Fatal(err)
	}
	if v.Spec.Local.Path != "/node/volumes/pvc-1" || v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimRetain ||
		v.Spec.ClaimRef.UID != "1" || v.Spec.Capacity.Storage().String() != "1Gi" {
		t.Errorf("made %+v", v.Spec)
	}
	if got := v.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]; got != "n1" {
		t.Errorf("usable on %s", got)
	}
	block := claim("keep", "n1")
	block.Spec.VolumeMode = ptr.To(corev1.PersistentVolumeBlock)
	if _, err := newVolume(block, class, "n1", store); !errors.Is(err, errUnsupported) {
		t.Errorf("a block volume: %v", err)
	}
}
