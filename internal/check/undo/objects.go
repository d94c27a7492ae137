package undo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"labctl.dev/labctl/internal/kube"
)

// remove deletes an object that a stimulus made. One that does not carry our
// field manager was made by somebody else.
func remove(ctx context.Context, client *kube.Client, ref Ref) error {
	objects, err := resource(client, ref)
	if err == nil {
		var now *unstructured.Unstructured
		now, err = objects.Get(ctx, ref.Name, metav1.GetOptions{})
		if err == nil && slices.ContainsFunc(now.GetManagedFields(), ours) {
			uid, background := now.GetUID(), metav1.DeletePropagationBackground
			err = objects.Delete(ctx, ref.Name, metav1.DeleteOptions{
				Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &background,
			})
		}
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("remove %s: %w", ref, err)
	}
	return nil
}

// recreate puts back an object that a stimulus deleted, unless it is there.
func recreate(ctx context.Context, client *kube.Client, object map[string]any) error {
	was := &unstructured.Unstructured{Object: object}
	ref := RefOf(was)
	objects, err := resource(client, ref)
	if err == nil {
		err = ended(ctx, client, ref, was.GetUID())
	}
	if err == nil {
		err = versionsEnded(ctx, client, ref, was.GetUID())
	}
	if err == nil {
		var made *unstructured.Unstructured
		made, err = objects.Create(ctx, bare(was), metav1.CreateOptions{FieldManager: Manager})
		if err == nil {
			e := Edit{Ref: ref, UID: made.GetUID()}
			err = update(ctx, objects, e, func(o *unstructured.Unstructured) bool {
				return giveBack(o, was.GetManagedFields())
			})
		}
	}
	if err != nil && !gone(err) && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("put back %s: %w", ref, err)
	}
	return nil
}

// bare is an object without what only the server may write.
func bare(object *unstructured.Unstructured) *unstructured.Unstructured {
	o := object.DeepCopy()
	delete(o.Object, "status")
	for _, field := range []string{
		"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
		"deletionGracePeriodSeconds", "selfLink", "managedFields",
	} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	switch o.GetKind() {
	case "Pod":
		unstructured.RemoveNestedField(o.Object, "spec", "nodeName")
	case "PersistentVolumeClaim":
		unstructured.RemoveNestedField(o.Object, "spec", "volumeName")
	case "Job":
		unstructured.RemoveNestedField(o.Object, "spec", "selector")
		for _, label := range []string{"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"} {
			unstructured.RemoveNestedField(o.Object, "spec", "template", "metadata", "labels", label)
		}
	}
	return o
}

// RefOf names an object.
func RefOf(o *unstructured.Unstructured) Ref {
	return Ref{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName()}
}

// ended waits until the object of this UID is not there any more.
func ended(ctx context.Context, client *kube.Client, ref Ref, uid types.UID) error {
	objects, err := resource(client, ref)
	if err != nil {
		return err
	}
	return poll(ctx, settleTime, func(ctx context.Context) (bool, error) {
		now, err := objects.Get(ctx, ref.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return err == nil && (now.GetUID() != uid || now.GetDeletionTimestamp() == nil), err
	})
}

// versionsEnded waits until the versions that a controller kept of a workload of this
// UID are gone, too. One of the same template has the name that a new workload
// wants for its own, which then gets another. That is no reason not to put it back, so
// it is no error if it takes too long.
func versionsEnded(ctx context.Context, client *kube.Client, ref Ref, uid types.UID) error {
	if !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, ref.Kind) {
		return nil
	}
	apps := client.Typed.AppsV1()
	err := poll(ctx, settleTime, func(ctx context.Context) (bool, error) {
		sets, err := apps.ReplicaSets(ref.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		revisions, err := apps.ControllerRevisions(ref.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		return !slices.ContainsFunc(sets.Items, func(s appsv1.ReplicaSet) bool { return ownedBy(&s, uid) }) &&
			!slices.ContainsFunc(revisions.Items, func(r appsv1.ControllerRevision) bool { return ownedBy(&r, uid) }), nil
	})
	if errors.Is(err, errPatience) {
		return nil
	}
	return err
}

func ownedBy(o metav1.Object, uid types.UID) bool {
	return slices.ContainsFunc(o.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == uid })
}
