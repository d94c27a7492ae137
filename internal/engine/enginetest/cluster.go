package enginetest

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/kube"
)

// workload loads an image, runs pods of it, and asks them by name.
func (s *suite) workload(t *testing.T) {
	s.need(t, engine.CapCluster)
	if s.Image == nil {
		t.Skip("no image was given")
	}
	spec, led := s.spec(t)
	cluster := s.up(t, s.New(), spec, led)
	ctx, cancel := context.WithTimeout(t.Context(), s.Timeout)
	defer cancel()
	ref := s.load(ctx, t, cluster)
	client, err := kube.FromFile(cluster.LearnerKubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := deploy(ctx, client, ref); err != nil {
		t.Fatal(err)
	}
	pods, err := client.PodsOf(ctx, "default", "deployment/web")
	if err != nil || len(pods) == 0 {
		t.Fatalf("the Deployment has %d pods: %v", len(pods), err)
	}
	t.Run("exec", func(t *testing.T) { s.exec(t, client, pods[0].Name, "hello", "sh", "-c", "echo hello") })
	t.Run("service by name", func(t *testing.T) {
		s.exec(t, client, pods[0].Name, "", "wget", "-q", "-O", "-", "http://web.default.svc.cluster.local/")
	})
	t.Run("logs", func(t *testing.T) {
		_, err := client.Typed.CoreV1().Pods("default").GetLogs(pods[0].Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
		if err != nil {
			t.Error(err)
		}
	})
}

func (s *suite) load(ctx context.Context, t *testing.T, cluster engine.Cluster) (ref string) {
	t.Helper()
	s.need(t, engine.CapLoadImages)
	loader, ok := cluster.(engine.ImageLoader)
	if !ok {
		t.Fatal("the engine says it loads images, and its clusters do not")
	}
	archive, ref, err := s.Image(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := loader.LoadImages(ctx, archive); err != nil {
		t.Fatalf("load the image: %v", err)
	}
	return ref
}

// exec runs a command until it prints want and exits with 0.
func (s *suite) exec(t *testing.T, client *kube.Client, pod, want string, argv ...string) {
	t.Helper()
	var out, said bytes.Buffer
	var code int
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		out.Reset()
		said.Reset()
		var err error
		code, err = client.Exec(ctx, kube.Command{Namespace: "default", Pod: pod, Argv: argv, Stdout: &out, Stderr: &said})
		return err == nil && code == 0 && bytes.Contains(out.Bytes(), []byte(want)), nil
	})
	if err != nil {
		t.Errorf("%v: exit code %d, printed %q and %q", argv, code, out.String(), said.String())
	}
}

// nodeLoss takes a worker away and brings it back.
func (s *suite) nodeLoss(t *testing.T) {
	s.need(t, engine.CapNodeLoss)
	s.need(t, engine.CapMultiNode)
	spec, led := s.spec(t)
	spec.Nodes = 2
	cluster := s.up(t, s.New(), spec, led)
	nodes, ok := cluster.(engine.NodeController)
	if !ok {
		t.Fatal("the engine says it can lose nodes, and its clusters cannot")
	}
	ctx, cancel := context.WithTimeout(t.Context(), s.Timeout)
	defer cancel()
	worker := s.worker(ctx, t, cluster)
	if err := nodes.StopNode(ctx, worker); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if err := nodes.StartNode(ctx, worker); err != nil {
		t.Fatalf("start: %v", err)
	}
	err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return cluster.Health(ctx) == nil, nil
	})
	if err != nil {
		t.Errorf("not healthy again: %v", cluster.Health(t.Context()))
	}
}

// worker names a node that does not hold the control plane.
func (s *suite) worker(ctx context.Context, t *testing.T, cluster engine.Cluster) string {
	t.Helper()
	if !slices.Contains(s.caps.Has, engine.CapCluster) { // the fake's nodes are names only
		return "lab-worker"
	}
	client, err := kube.FromFile(cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := client.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "!node-role.kubernetes.io/control-plane"})
	if err != nil || len(nodes.Items) == 0 {
		t.Fatalf("of two nodes, %d are no control plane: %v", len(nodes.Items), err)
	}
	return nodes.Items[0].Name
}
