package undo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/diagnose/snapshot"
	"labctl.dev/labctl/internal/kube"
)

const pollEvery = 100 * time.Millisecond

// errPatience says that something took longer than we wait for it.
var errPatience = errors.New("it takes too long")

// poll asks until the answer is yes, the time is up or something fails.
func poll(ctx context.Context, within time.Duration, done func(context.Context) (bool, error)) error {
	err := wait.PollUntilContextTimeout(ctx, pollEvery, within, true, done)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return errPatience
	}
	return err
}

// Settle waits until workloads stand still: rolled out and without ending pods,
// or stuck, as they may have been before the check came. It is no error if that
// takes longer than within.
func Settle(ctx context.Context, client *kube.Client, refs []Ref, within time.Duration) error {
	for _, ref := range refs {
		quiet := 0
		err := poll(ctx, within, func(ctx context.Context) (bool, error) {
			s, err := snapshot.Take(ctx, client, ref.Namespace)
			if err != nil {
				return false, err
			}
			// The lists of a snapshot are not of one instant, so a step from one
			// object to the next can fall between them: look twice.
			quiet++
			if progress.Of(s, progress.Subject{Kind: ref.Kind, Name: ref.Name, Found: true}).Moving {
				quiet = 0
			}
			return quiet == 2, nil
		})
		if err != nil && !gone(err) && !errors.Is(err, errPatience) {
			return fmt.Errorf("wait for %s to settle: %w", ref, err)
		}
	}
	return nil
}

// prune deletes the ReplicaSets that an edit brought about. They would be what
// the learner's `kubectl rollout undo` goes back to.
func prune(ctx context.Context, client *kube.Client, e Edit) error {
	if e.Kind != "Deployment" || e.ReplicaSets == nil {
		return nil
	}
	sets, err := client.List(ctx, "ReplicaSet", "apps/v1", e.Namespace, "")
	if err != nil {
		return fmt.Errorf("list the ReplicaSets of %s: %w", e.Ref, err)
	}
	for i := range sets {
		rs := &sets[i]
		owner := metav1.GetControllerOf(rs)
		replicas, _, _ := unstructured.NestedInt64(rs.Object, "spec", "replicas")
		if owner == nil || owner.UID != e.UID || replicas > 0 || slices.Contains(e.ReplicaSets, rs.GetName()) ||
			!revert.Holds(rs.Object, e.Changes, "spec", "template") {
			continue
		}
		uid := rs.GetUID()
		err := client.Typed.AppsV1().ReplicaSets(e.Namespace).Delete(ctx, rs.GetName(),
			metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("remove ReplicaSet %s: %w", rs.GetName(), err)
		}
	}
	return nil
}
