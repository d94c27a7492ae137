package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
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

// waitPods waits until every pod of this node that is called Ready runs and is
// known to kubelet. After a restart the API calls all of them so, until kubelet
// has looked; and until kubelet has heard of a pod, nobody can exec into it.
func waitPods(ctx context.Context, o Options) error {
	return wait.PollUntilContextCancel(ctx, 30*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		wanted, err := readyPods(ctx, o)
		if err != nil || len(wanted) == 0 {
			return err == nil, err
		}
		running, err := o.Runtime.Sandboxes(ctx)
		if err != nil {
			return false, err
		}
		known := knownPods(ctx, o)
		for _, uid := range wanted {
			if !running[string(uid)] || !known[uid] {
				return false, nil
			}
		}
		return true, nil
	})
}

// readyPods are those that the API calls Ready.
func readyPods(ctx context.Context, o Options) ([]types.UID, error) {
	mine := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", o.Node.Name).String()}
	pods, err := o.Client.CoreV1().Pods("").List(ctx, mine)
	if err != nil {
		return nil, err
	}
	var uids []types.UID
	for _, pod := range pods.Items {
		if ready(&pod) {
			uids = append(uids, pod.UID)
		}
	}
	return uids, nil
}

// knownPods asks kubelet which pods it has heard of. As long as kubelet does
// not answer, it knows none.
func knownPods(ctx context.Context, o Options) map[types.UID]bool {
	answer := o.Client.CoreV1().RESTClient().Get().Resource("nodes").Name(o.Node.Name).SubResource("proxy").Suffix("pods").Do(ctx)
	var pods corev1.PodList
	if err := answer.Into(&pods); err != nil {
		return nil
	}
	known := map[types.UID]bool{}
	for _, pod := range pods.Items {
		known[pod.UID] = true
	}
	return known
}

func ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
