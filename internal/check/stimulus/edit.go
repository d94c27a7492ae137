package stimulus

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
)

// edit is a change of one object, planned first and done later.
type edit struct {
	client *kube.Client
	ref    undo.Ref
	change func(*unstructured.Unstructured) error
}

// plan computes what the change will do, for undoing it.
func (e *edit) plan(ctx context.Context) (undo.Edit, *unstructured.Unstructured, error) {
	now, err := e.client.Get(ctx, e.ref.Kind, e.ref.APIVersion, e.ref.Namespace, e.ref.Name)
	if err != nil {
		return undo.Edit{}, nil, orAbsent(err, e.ref.Namespace, e.ref.Kind, e.ref.Name)
	}
	e.ref = undo.RefOf(now) // the kind as the API server writes it
	after := now.DeepCopy()
	if err := e.change(after); err != nil {
		return undo.Edit{}, nil, err
	}
	return undo.Edit{
		Ref: e.ref, UID: now.GetUID(), Managers: now.GetManagedFields(),
		Changes: revert.Diff(now.Object, after.Object),
	}, now, nil
}

// do makes the change, and returns the object as it is then.
func (e *edit) do(ctx context.Context) (*unstructured.Unstructured, error) {
	m, err := e.client.Mapping(e.ref.Kind, e.ref.APIVersion)
	if err != nil {
		return nil, err
	}
	objects := e.client.Resource(m, e.ref.Namespace)
	var after *unstructured.Unstructured
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		now, err := objects.Get(ctx, e.ref.Name, metav1.GetOptions{})
		if err != nil {
			return orAbsent(err, e.ref.Namespace, e.ref.Kind, e.ref.Name)
		}
		if err := e.change(now); err != nil {
			return err
		}
		after, err = objects.Update(ctx, now, metav1.UpdateOptions{FieldManager: undo.Manager})
		return orUnchangeable(err, e.ref)
	})
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", e.ref, err)
	}
	return after, nil
}

// history adds to an edit of a Deployment what its rollout history is now.
func history(ctx context.Context, client *kube.Client, d *unstructured.Unstructured, e *undo.Edit) error {
	sets, err := client.List(ctx, "ReplicaSet", "apps/v1", d.GetNamespace(), "")
	if err != nil {
		return fmt.Errorf("list the ReplicaSets of %s: %w", d.GetName(), err)
	}
	e.ReplicaSets = []string{}
	e.Revisions = map[string]undo.Revision{"": undo.RevisionOf(d)}
	for i := range sets {
		if metav1.IsControlledBy(&sets[i], d) {
			e.ReplicaSets = append(e.ReplicaSets, sets[i].GetName())
			e.Revisions[sets[i].GetName()] = undo.RevisionOf(&sets[i])
		}
	}
	return nil
}
