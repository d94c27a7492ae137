package manifest

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/kube"
)

// settle is how long one object's apply is tried again while the cluster is not
// ready for it: a custom resource whose definition is not served yet, a
// namespace whose service account is on its way.
const settle = 20 * time.Second

// Apply applies objects in the order of Sort by server-side apply. Namespaced
// objects without a namespace go to the given one. Conflicts are taken over:
// nobody else has worked on the cluster yet.
func Apply(ctx context.Context, client *kube.Client, namespace string, objects []unstructured.Unstructured) error {
	Sort(objects)
	for i := range objects {
		if err := applyOne(ctx, client, namespace, &objects[i]); err != nil {
			return fmt.Errorf("apply %s %s: %w", objects[i].GetKind(), objects[i].GetName(), err)
		}
	}
	return nil
}

func applyOne(ctx context.Context, client *kube.Client, namespace string, object *unstructured.Unstructured) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, settle, true, func(ctx context.Context) (bool, error) {
		last = tryApply(ctx, client, namespace, object)
		if last == nil || passing(last) {
			return last == nil, nil
		}
		return false, last
	})
	if last != nil && ctx.Err() == nil {
		return last
	}
	return err
}

func tryApply(ctx context.Context, client *kube.Client, namespace string, object *unstructured.Unstructured) error {
	mapping, err := client.Mapping(object.GetKind(), object.GetAPIVersion())
	if err != nil {
		return err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace && object.GetNamespace() == "" {
		object.SetNamespace(namespace)
	}
	_, err = client.Resource(mapping, object.GetNamespace()).Apply(ctx, object.GetName(), object,
		metav1.ApplyOptions{FieldManager: kube.FieldManager, Force: true})
	return err
}

// passing says whether an error of a cluster that has just started goes away.
func passing(err error) bool {
	return meta.IsNoMatchError(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsInternalError(err) ||
		apierrors.IsForbidden(err) || apierrors.IsNotFound(err)
}

// Namespace is the object of a namespace.
func Namespace(name string) unstructured.Unstructured {
	return unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	}}
}
