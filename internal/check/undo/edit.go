package undo

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/kube"
)

// resource finds where an object lives.
func resource(client *kube.Client, r Ref) (dynamic.ResourceInterface, error) {
	m, err := client.Mapping(r.Kind, r.APIVersion)
	if err != nil {
		return nil, err
	}
	return client.Resource(m, r.Namespace), nil
}

// restore reverts changes of an edit, then gives the fields back to the
// managers that had them, so that the learner's next apply meets no conflict.
func restore(ctx context.Context, client *kube.Client, e Edit, changes []revert.Change) error {
	objects, err := resource(client, e.Ref)
	if gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("undo the change of %s: %w", e.Ref, err)
	}
	for _, step := range []func(*unstructured.Unstructured) bool{
		func(o *unstructured.Unstructured) bool { return revert.Apply(o.Object, changes) > 0 },
		func(o *unstructured.Unstructured) bool { return giveBack(o, e.Managers) },
	} {
		if err := update(ctx, objects, e, step); err != nil && !gone(err) {
			return fmt.Errorf("undo the change of %s: %w", e.Ref, err)
		}
	}
	return nil
}

// update changes an object, again if somebody else was quicker. An object that
// was made anew has nothing of ours in it.
func update(ctx context.Context, objects dynamic.ResourceInterface, e Edit, change func(*unstructured.Unstructured) bool) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		now, err := objects.Get(ctx, e.Name, metav1.GetOptions{})
		if err != nil || now.GetUID() != e.UID || !change(now) {
			return err
		}
		_, err = objects.Update(ctx, now, metav1.UpdateOptions{FieldManager: Manager})
		return err
	})
}

// giveBack sets the managers of an object to those it had. If somebody wrote to
// it since, it only removes ours: the rest is not ours to know.
func giveBack(o *unstructured.Unstructured, before []metav1.ManagedFieldsEntry) bool {
	now := o.GetManagedFields()
	if !slices.ContainsFunc(now, ours) {
		return false
	}
	kept := slices.DeleteFunc(slices.Clone(now), ours)
	if len(before) > 0 && !slices.ContainsFunc(kept, func(m metav1.ManagedFieldsEntry) bool { return wroteSince(m, before) }) {
		isStatus := func(m metav1.ManagedFieldsEntry) bool { return m.Subresource != "" }
		status := slices.DeleteFunc(kept, func(m metav1.ManagedFieldsEntry) bool { return !isStatus(m) })
		kept = append(slices.DeleteFunc(slices.Clone(before), isStatus), status...)
	}
	o.SetManagedFields(kept)
	return true
}

func ours(m metav1.ManagedFieldsEntry) bool { return m.Manager == Manager }

// wroteSince tells that a manager wrote the object (not its status) after the
// entries of before were read.
func wroteSince(m metav1.ManagedFieldsEntry, before []metav1.ManagedFieldsEntry) bool {
	return m.Subresource == "" && !slices.ContainsFunc(before, func(b metav1.ManagedFieldsEntry) bool {
		return b.Manager == m.Manager && b.Operation == m.Operation && b.Subresource == "" && b.Time.Equal(m.Time)
	})
}
