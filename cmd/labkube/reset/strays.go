package reset

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// strays returns the keys of what controllers made for owners that are gone, or are
// other again: each kind is watched on its own, so a controller can replace a pod after
// its ReplicaSet was removed and before it hears so. The garbage collector would get
// most of them too, but gives pods all the time that they are entitled to.
func strays(base, now *snapshot) ([]string, error) {
	objects := make(map[string]*metav1.PartialObjectMetadata, len(now.Objects))
	byUID := make(map[types.UID]*metav1.PartialObjectMetadata, len(now.Objects))
	for key, value := range now.Objects {
		if transient(key) {
			continue
		}
		object, err := metadata(value)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", key, err)
		}
		objects[key], byUID[object.UID] = object, object
	}
	had, err := historians(base)
	if err != nil {
		return nil, err
	}
	var found []string
	for key, object := range objects {
		if _, was := base.Objects[key]; !was && (orphaned(object, byUID) || had[historian(key, object)]) {
			found = append(found, key)
		}
	}
	return found, nil
}

// historian names the controller of an object that is kept as history: a ReplicaSet of
// a Deployment, a revision. It is empty for all others.
func historian(key string, object *metav1.PartialObjectMetadata) string {
	if controller := metav1.GetControllerOf(object); controller != nil && history(key) {
		return controller.Kind + " " + object.Namespace + "/" + controller.Name
	}
	return ""
}

// historians are those that had history at the baseline. They have no reason to make
// more of what they then were: what they make was begun before the reset, and would be
// what the next `kubectl rollout undo` goes to.
func historians(base *snapshot) (map[string]bool, error) {
	had := map[string]bool{}
	for key, value := range base.Objects {
		if !history(key) {
			continue
		}
		object, err := metadata(value)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", key, err)
		}
		if name := historian(key, object); name != "" {
			had[name] = true
		}
	}
	return had, nil
}

func history(key string) bool {
	return strings.HasPrefix(key, registry+"replicasets/") || strings.HasPrefix(key, registry+"controllerrevisions/")
}

// orphaned says that a controller of the object, or one of that controller and
// so on, does not exist.
func orphaned(object *metav1.PartialObjectMetadata, byUID map[types.UID]*metav1.PartialObjectMetadata) bool {
	for range len(byUID) { // references can go in circles
		controller := metav1.GetControllerOf(object)
		if controller == nil {
			return false
		}
		if object = byUID[controller.UID]; object == nil {
			return true
		}
	}
	return false
}

// removeStrays removes what strays finds and returns the pods among it, which
// their kubelets may still have to end.
func (r *Resetter) removeStrays(ctx context.Context, base, now *snapshot) (removed int, pods []pod, err error) {
	keys, err := strays(base, now)
	if err != nil {
		return 0, nil, err
	}
	var edits []edit
	for _, key := range keys {
		if !strings.HasPrefix(key, podKeys) {
			edits = append(edits, edit{key: key})
			continue
		}
		object, err := decode(now.Objects[key], new(corev1.Pod))
		if err != nil {
			return 0, nil, fmt.Errorf("%s: %w", key, err)
		}
		pods = append(pods, pod{key, now.Created[key], object})
	}
	if _, err := apply(ctx, r.Store, edits); err != nil {
		return 0, nil, err
	}
	return len(keys), pods, r.endAll(ctx, pods)
}
