package undo

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/kube"
)

// Restart replaces the pods of workloads by deleting them gracefully, and waits
// until they are gone and the workloads stand still. The templates stay as
// they are.
func Restart(ctx context.Context, client *kube.Client, refs []Ref) error {
	for _, ref := range refs {
		pods, err := client.PodsOf(ctx, ref.Namespace, ref.String())
		if gone(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("restart %s: %w", ref, err)
		}
		for i := range pods {
			uid := pods[i].UID
			err := client.Typed.CoreV1().Pods(ref.Namespace).Delete(ctx, pods[i].Name,
				metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
			if err != nil && !gone(err) && !apierrors.IsConflict(err) {
				return fmt.Errorf("restart %s: %w", ref, err)
			}
		}
	}
	return Settle(ctx, client, refs, settleTime)
}
