package undo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/kube"
)

// Revision is what the controller of Deployments notes on an object: its number
// in the rollout history, and those it had before.
type Revision struct {
	Number  string `json:"number,omitempty"`
	Earlier string `json:"earlier,omitempty"`
}

const (
	numberKey  = "deployment.kubernetes.io/revision"
	earlierKey = "deployment.kubernetes.io/revision-history"
)

// RevisionOf reads it.
func RevisionOf(o metav1.Object) Revision {
	return Revision{Number: o.GetAnnotations()[numberKey], Earlier: o.GetAnnotations()[earlierKey]}
}

// restoreHistory makes the rollout history of a Deployment what it was: what
// `kubectl rollout undo` goes back to is the learner's.
func restoreHistory(ctx context.Context, client *kube.Client, e Edit) error {
	if e.Kind != "Deployment" || e.ReplicaSets == nil {
		return nil
	}
	sets, err := replicaSets(ctx, client, e)
	if err != nil {
		return err
	}
	renumbered := false
	for i := range sets {
		rs := &sets[i]
		was, known := e.Revisions[rs.GetName()]
		switch {
		case !slices.Contains(e.ReplicaSets, rs.GetName()):
			err = prune(ctx, client, e, rs)
		case known && was != RevisionOf(rs):
			renumbered = true
			err = renumber(ctx, client, rs, was)
		}
		if err != nil {
			return err
		}
	}
	if renumbered {
		if err := renumberingSeen(ctx, client, e); err != nil {
			return err
		}
	}
	if len(e.Last) == 0 {
		return nil
	}
	return restore(ctx, client, e, e.Last)
}

// replicaSets lists those of a Deployment, the ones to prune first.
func replicaSets(ctx context.Context, client *kube.Client, e Edit) ([]unstructured.Unstructured, error) {
	all, err := client.List(ctx, "ReplicaSet", "apps/v1", e.Namespace, "")
	if err != nil {
		return nil, fmt.Errorf("list the ReplicaSets of %s: %w", e.Ref, err)
	}
	var known, others []unstructured.Unstructured
	for _, rs := range all {
		owner := metav1.GetControllerOf(&rs)
		switch {
		case owner == nil || owner.UID != e.UID:
		case slices.Contains(e.ReplicaSets, rs.GetName()):
			known = append(known, rs)
		default:
			others = append(others, rs)
		}
	}
	return append(others, known...), nil
}

// prune deletes a ReplicaSet if the edit brought it about.
func prune(ctx context.Context, client *kube.Client, e Edit, rs *unstructured.Unstructured) error {
	replicas, _, _ := unstructured.NestedInt64(rs.Object, "spec", "replicas")
	if replicas > 0 || !revert.Holds(rs.Object, e.Changes, "spec", "template") {
		return nil
	}
	uid := rs.GetUID()
	err := client.Typed.AppsV1().ReplicaSets(e.Namespace).Delete(ctx, rs.GetName(),
		metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("remove ReplicaSet %s: %w", rs.GetName(), err)
	}
	return nil
}

// renumber gives a ReplicaSet the revision back that it had. The controller sees
// to it that the present one has the highest number: had the learner rolled out
// anything meanwhile, it would number that anew.
func renumber(ctx context.Context, client *kube.Client, rs *unstructured.Unstructured, was Revision) error {
	annotations := map[string]any{numberKey: was.Number, earlierKey: was.Earlier}
	for key, value := range annotations {
		if value == "" {
			annotations[key] = nil // removes it
		}
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": rs.GetUID(), "annotations": annotations}})
	if err == nil {
		_, err = client.Typed.AppsV1().ReplicaSets(rs.GetNamespace()).Patch(ctx, rs.GetName(),
			types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
	}
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("put back the revision of ReplicaSet %s: %w", rs.GetName(), err)
	}
	return nil
}

// seeTime is how long the controller may take to see what became of ReplicaSets.
const seeTime = 10 * time.Second

// renumberingSeen waits until the controller has noted the revision on the
// Deployment, too: it has then seen what was pruned before, which it would
// otherwise count when the limit is lowered, and throw out the learner's oldest.
func renumberingSeen(ctx context.Context, client *kube.Client, e Edit) error {
	deployments, err := resource(client, e.Ref)
	if err != nil {
		return err
	}
	err = poll(ctx, seeTime, func(ctx context.Context) (bool, error) {
		now, err := deployments.Get(ctx, e.Name, metav1.GetOptions{})
		if gone(err) {
			return true, nil
		}
		return err == nil && (now.GetUID() != e.UID || RevisionOf(now).Number == e.Revisions[""].Number), err
	})
	if errors.Is(err, errPatience) {
		return nil // the learner has rolled out something else meanwhile
	}
	return err
}
