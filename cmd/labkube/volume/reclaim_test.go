package volume

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"labctl.dev/labctl/cmd/labkube/cluster"
	"labctl.dev/labctl/cmd/labkube/layout"
)

// The controller's cache says that the volume is released. Whether it goes depends on
// what the API says, and on whether a reset is under way.
func TestReclaim(t *testing.T) {
	for _, tc := range []struct {
		name  string
		phase corev1.PersistentVolumePhase // in the API
		held  bool
		goes  bool
	}{
		{"released", corev1.VolumeReleased, false, true},
		{"released and restored since", corev1.VolumeReleased, true, false},
		{"bound again since", corev1.VolumeBound, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, volume := reclaimer(t, tc.phase)
			if err := c.store.Save(); err != nil {
				t.Fatal(err)
			}
			if tc.held {
				if err := c.store.Restore(); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.reclaim(t.Context(), item{name: volume}); err != nil {
				t.Fatal(err)
			}
			_, object := c.Client.CoreV1().PersistentVolumes().Get(t.Context(), volume, metav1.GetOptions{})
			_, data := os.Stat(c.store.Path(volume))
			if apierrors.IsNotFound(object) != tc.goes || os.IsNotExist(data) != tc.goes {
				t.Errorf("object: %v, data: %v; want both gone: %v", object, data, tc.goes)
			}
			if !tc.held {
				return
			}
			if err := c.store.Resume(); err != nil {
				t.Fatal(err)
			}
			if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 10*time.Second, true, func(context.Context) (bool, error) {
				return c.queue.Len() > 0, nil
			}); err != nil {
				t.Fatalf("the volume is not looked at again: %v", err)
			}
			if err := c.reclaim(t.Context(), item{name: volume}); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(c.store.Path(volume)); !os.IsNotExist(err) {
				t.Errorf("data after the reset: %v, want that it is gone", err)
			}
		})
	}
}

// reclaimer has one volume, with data, that its cache thinks is released.
func reclaimer(t *testing.T, phase corev1.PersistentVolumePhase) (*controller, string) {
	t.Helper()
	node := layout.Node{Name: "n", DataDir: t.TempDir()}
	cached := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-1", UID: "u", ResourceVersion: "1", Annotations: map[string]string{provisionedBy: cluster.Provisioner, selectedNode: node.Name}},
		Spec:       corev1.PersistentVolumeSpec{PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete},
		Status:     corev1.PersistentVolumeStatus{Phase: corev1.VolumeReleased},
	}
	live := cached.DeepCopy()
	live.Status.Phase = phase
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	if err := indexer.Add(cached); err != nil {
		t.Fatal(err)
	}
	c := &controller{
		Options: Options{Node: node, Client: fake.NewClientset(live), Log: slog.New(slog.DiscardHandler)},
		store:   NewStore(node),
		volumes: corelisters.NewPersistentVolumeLister(indexer),
		queue:   workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[item](time.Millisecond, time.Second)),
	}
	t.Cleanup(c.queue.ShutDown)
	if err := c.store.Make(cached.Name); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.store.Path(cached.Name), "f"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	return c, cached.Name
}
