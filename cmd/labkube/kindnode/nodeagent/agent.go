// Package nodeagent is what a node of labctl's kind image runs beside
// Kubernetes: the pod network and dynamic volumes. Upstream's kindnetd and
// local-path-provisioner, whose work it does, are published as images only.
package nodeagent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"labctl.dev/labctl/cmd/labkube/layout"
	"labctl.dev/labctl/cmd/labkube/volume"
)

// DataDir is the same path on the node and in the agent's container: the paths
// of local volumes are kubelet's.
const DataDir = "/var/lib/labctl"

// controlPlane labels the node that kubeadm made first.
const controlPlane = "node-role.kubernetes.io/control-plane"

// Run serves the node named by $NODE_NAME, in a cluster whose pods are in
// $POD_SUBNET, until ctx ends.
func Run(ctx context.Context) error {
	name, pods := os.Getenv("NODE_NAME"), os.Getenv("POD_SUBNET")
	if name == "" || pods == "" {
		return errors.New("NODE_NAME or POD_SUBNET is not set")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	self, err := await(ctx, client, name)
	if err != nil {
		return fmt.Errorf("look up node %s: %w", name, err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	node := layout.Node{Name: name, Index: index(self), DataDir: DataDir}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runNetwork(ctx, client, name, pods, log) })
	group.Go(func() error { return volume.Run(ctx, volume.Options{Node: node, Client: client, Log: log}) })
	return group.Wait()
}

// await gets the node as soon as the API server can be reached, which takes rules
// of kube-proxy's on a node that has just been started.
func await(ctx context.Context, client kubernetes.Interface, name string) (node *corev1.Node, err error) {
	var last error
	err = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		ask, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		node, last = client.CoreV1().Nodes().Get(ask, name, metav1.GetOptions{})
		return last == nil, nil
	})
	return node, errors.Join(err, last)
}

// index is 1 for the node that takes claims nobody has chosen a node for.
func index(node *corev1.Node) int {
	if _, first := node.Labels[controlPlane]; first {
		return 1
	}
	return 2
}
