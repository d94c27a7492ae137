package reset

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// strays returns the keys of what controllers made for owners that are gone:
// each kind is watched on its own, so a controller can replace a pod after its
// ReplicaSet was removed and before it hears so. The garbage collector would get
// them too, but gives pods all the time that they are entitled to.
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
	var found []string
	for key, object := range objects {
		if _, was := base.Objects[key]; !was && orphaned(object, byUID) {
			found = append(found, key)
		}
	}
	return found, nil
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
