package enginetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/kube"
)

// reset breaks clusters of one node and of two in the ways that learners do, and
// wants them back as they were.
func (s *suite) reset(t *testing.T) {
	s.need(t, engine.CapFastReset)
	s.need(t, engine.CapCluster)
	for nodes := 1; nodes <= 2; nodes++ {
		t.Run(fmt.Sprintf("of %d", nodes), func(t *testing.T) {
			if nodes > 1 {
				s.need(t, engine.CapMultiNode)
			}
			s.resetOf(t, nodes)
		})
	}
}

func (s *suite) resetOf(t *testing.T, nodes int) {
	spec, led := s.spec(t)
	spec.Nodes = nodes
	cluster := s.up(t, s.New(), spec, led)
	resetter, ok := cluster.(engine.Resetter)
	if !ok {
		t.Fatal("the engine says it resets fast, and its clusters do not")
	}
	ctx, cancel := context.WithTimeout(t.Context(), s.Timeout)
	defer cancel()
	client, err := kube.FromFile(cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	w := &wreck{suite: s, cluster: cluster, client: client, keeps: s.Image != nil && slices.Contains(s.caps.Has, engine.CapVolumes)}
	w.prepare(ctx, t)
	if err := resetter.Baseline(ctx); err != nil {
		t.Fatalf("baseline: %v", err)
	}
	for range 2 {
		later := w.watchLater(ctx, t)
		w.wreck(ctx, t)
		began := time.Now()
		if err := resetter.Reset(ctx); err != nil {
			w.logEvents(t)
			t.Fatalf("reset: %v", err)
		}
		t.Logf("reset in %v", time.Since(began).Round(time.Millisecond))
		w.inspect(ctx, t)
		select {
		case event, open := <-later:
			if !open || event != "DELETED" {
				t.Errorf("a watch from before saw %q (open: %v), want the deletion", event, open)
			}
		case <-ctx.Done():
			t.Error("a watch from before saw nothing")
		}
	}
	w.reclaim(ctx, t)
}

// wreck is a cluster that is broken and reset.
type wreck struct {
	*suite
	cluster engine.Cluster
	client  *kube.Client
	keeps   bool // a pod has a volume
	nodes   []string
}

const keeper = "keeper" // a pod and its claim

// logEvents shows what became of the pods.
func (w *wreck) logEvents(t *testing.T) {
	t.Helper()
	events, err := w.client.Typed.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Log(err)
		return
	}
	for _, e := range events.Items {
		t.Logf("%s %s %s (%d times): %s", e.LastTimestamp.Format(time.TimeOnly), e.InvolvedObject.Name, e.Reason, e.Count, e.Message)
	}
}

// prepare makes what the baseline holds.
func (w *wreck) prepare(ctx context.Context, t *testing.T) {
	t.Helper()
	nodes, err := w.client.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes.Items {
		w.nodes = append(w.nodes, n.Name)
	}
	if !w.keeps {
		return
	}
	ref := w.load(ctx, t, w.cluster)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: keeper}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Mi")}},
	}}
	if _, err := w.client.Typed.CoreV1().PersistentVolumeClaims("default").Create(ctx, claim, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Typed.CoreV1().Pods("default").Create(ctx, keeperPod(ref, w.nodes[len(w.nodes)-1]), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.waitKeeper(ctx); err != nil {
		t.Fatalf("wait for a pod with a volume: %v", err)
	}
	w.exec(t, w.client, keeper, "", "sh", "-c", "echo old >/data/f")
}

// keeperPod keeps a volume, on the last node: where there are several, a worker.
func keeperPod(ref, node string) *corev1.Pod {
	grace := int64(1)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: keeper},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			NodeSelector:                  map[string]string{corev1.LabelHostname: node},
			Containers: []corev1.Container{{
				Name: keeper, Image: ref, ImagePullPolicy: corev1.PullIfNotPresent,
				VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}},
			}},
			Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: keeper},
			}}},
		},
	}
}

func (w *wreck) waitKeeper(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		p, err := w.client.Typed.CoreV1().Pods("default").Get(ctx, keeper, metav1.GetOptions{})
		return err == nil && p.Status.Phase == corev1.PodRunning, err
	})
}

// watchLater makes an object that the baseline has not, and tells what becomes of it.
func (w *wreck) watchLater(ctx context.Context, t *testing.T) <-chan string {
	t.Helper()
	maps := w.client.Typed.CoreV1().ConfigMaps("default")
	made, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "later"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	watch, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: made.ResourceVersion, FieldSelector: "metadata.name=later"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watch.Stop)
	saw := make(chan string, 1)
	go func() {
		defer close(saw)
		if event, open := <-watch.ResultChan(); open {
			saw <- string(event.Type)
		}
	}()
	return saw
}

// wreck makes a namespace, writes to the volume, removes what keeps it, takes a role
// away, forbids pods on every node, and cuts workers off.
func (w *wreck) wreck(ctx context.Context, t *testing.T) {
	t.Helper()
	core := w.client.Typed.CoreV1()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}, metav1.CreateOptions{})
	must(err)
	if w.keeps {
		w.exec(t, w.client, keeper, "", "sh", "-c", "echo new >/data/f; echo new >/data/g")
		must(core.Pods("default").Delete(ctx, keeper, metav1.DeleteOptions{}))
		must(core.PersistentVolumeClaims("default").Delete(ctx, keeper, metav1.DeleteOptions{}))
	}
	must(w.client.Typed.RbacV1().ClusterRoles().Delete(ctx, "view", metav1.DeleteOptions{}))
	for _, name := range w.nodes {
		_, err := core.Nodes().Patch(ctx, name, types.MergePatchType, []byte(`{"spec": {"unschedulable": true}}`), metav1.PatchOptions{})
		must(err)
	}
	if nodes, can := w.cluster.(engine.NodeController); can && len(w.nodes) > 1 {
		must(nodes.StopNode(ctx, w.worker(ctx, t, w.cluster)))
	}
}

// reclaim wants a volume to go with its claim, also after a reset has put both back.
func (w *wreck) reclaim(ctx context.Context, t *testing.T) {
	t.Helper()
	if !w.keeps {
		return
	}
	core := w.client.Typed.CoreV1()
	claim, err := core.PersistentVolumeClaims("default").Get(ctx, keeper, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := core.Pods("default").Delete(ctx, keeper, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := core.PersistentVolumeClaims("default").Delete(ctx, keeper, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := core.PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		t.Errorf("the volume of a claim that was deleted after a reset: %v, want that it is gone", err)
	}
}

// inspect wants all that wreck did undone.
func (w *wreck) inspect(ctx context.Context, t *testing.T) {
	t.Helper()
	core := w.client.Typed.CoreV1()
	if _, err := core.ConfigMaps("default").Get(ctx, "later", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("an object made later: %v, want that it is gone", err)
	}
	if _, err := core.Namespaces().Get(ctx, "mine", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a namespace made later: %v, want that it is gone", err)
	}
	if _, err := w.client.Typed.RbacV1().ClusterRoles().Get(ctx, "view", metav1.GetOptions{}); err != nil {
		t.Errorf("a role that was there: %v", err)
	}
	nodes, err := core.Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes.Items {
		ready := slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		})
		if !ready || n.Spec.Unschedulable || len(n.Spec.Taints) > 0 {
			t.Errorf("node %s: ready %v, spec %+v", n.Name, ready, n.Spec)
		}
	}
	if w.keeps {
		w.exec(t, w.client, keeper, "old\nf\n.", "sh", "-c", "cat /data/f; ls /data; echo .")
	}
	if err := w.cluster.Health(ctx); err != nil {
		t.Errorf("not healthy: %v", err)
	}
}
