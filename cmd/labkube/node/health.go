package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// checkReady fails unless the control plane considers the node ready, and has
// heard so since the time given: before, it speaks of an earlier life.
func checkReady(ctx context.Context, client kubernetes.Interface, name string, since time.Time) error {
	node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeNotReady {
			return errors.New("the node still carries the taint not-ready")
		}
	}
	ready := condition(node)
	switch {
	case ready == nil || ready.LastHeartbeatTime.Time.Before(since.Truncate(time.Second)):
		return errors.New("kubelet has not reported yet")
	case ready.Status != corev1.ConditionTrue:
		return fmt.Errorf("not ready: %s", ready.Message)
	}
	return nil
}

func condition(node *corev1.Node) *corev1.NodeCondition {
	for i := range node.Status.Conditions {
		if node.Status.Conditions[i].Type == corev1.NodeReady {
			return &node.Status.Conditions[i]
		}
	}
	return nil
}

// waitPods waits until no pod of this node is called Ready without running.
// After a restart of the node that is what the API says of all of them, until
// kubelet has looked.
func waitPods(ctx context.Context, o Options) error {
	mine := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", o.Node.Name).String()}
	return wait.PollUntilContextCancel(ctx, 30*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		pods, err := o.Client.CoreV1().Pods("").List(ctx, mine)
		if err != nil {
			return false, err
		}
		running, err := o.Runtime.Sandboxes(ctx)
		if err != nil {
			return false, err
		}
		for _, pod := range pods.Items {
			if ready(&pod) && !running[string(pod.UID)] {
				return false, nil
			}
		}
		return true, nil
	})
}

func ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
