// Package cluster makes the objects that a cluster has before its first pod.
package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"labctl.dev/labctl/cmd/labkube/layout"
)

const controlPlaneRole = "node-role.kubernetes.io/control-plane"

// EnsureNode makes the Node object, or gives an existing one its pod network.
// Kubelet then finds its node complete and need not register it.
func EnsureNode(ctx context.Context, client kubernetes.Interface, node layout.Node) error {
	object := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: map[string]string{corev1.LabelHostname: node.Name}},
		Spec:       corev1.NodeSpec{PodCIDR: node.PodCIDR().String(), PodCIDRs: []string{node.PodCIDR().String()}},
	}
	if node.Index == 1 {
		object.Labels[controlPlaneRole] = ""
	}
	_, err := client.CoreV1().Nodes().Create(ctx, object, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return wrapNode(node, err)
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"podCIDR": object.Spec.PodCIDR, "podCIDRs": object.Spec.PodCIDRs}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	return wrapNode(node, err)
}

func wrapNode(node layout.Node, err error) error {
	if err != nil {
		return fmt.Errorf("register node %s: %w", node.Name, err)
	}
	return nil
}
