package reset

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// staying returns what tells the pods that a reset leaves alone: the cluster's own,
// as long as they and what they go by are as they were. Nothing of a learner's is in
// them, and names, routes and volumes would be away until others had taken over. The
// baseline is that with the identities of now.
func (r *Resetter) staying(base, now *snapshot, edits []edit) (func(*corev1.Pod) bool, error) {
	if r.System == "" {
		return func(*corev1.Pod) bool { return false }, nil
	}
	touched, err := r.touchesSystem(now, edits)
	if err != nil {
		return nil, err
	}
	then := map[types.UID][]*corev1.Pod{} // the system's pods, by controller
	for key, value := range base.Objects {
		if touched || !strings.HasPrefix(key, podKeys+r.System+"/") {
			continue
		}
		p, err := decode(value, new(corev1.Pod))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if owner := metav1.GetControllerOf(p); owner != nil {
			then[owner.UID] = append(then[owner.UID], p)
		}
	}
	return func(p *corev1.Pod) bool {
		if mirror(p) && base.Objects[podKeys+p.Namespace+"/"+p.Name] != nil {
			return true
		}
		owner := metav1.GetControllerOf(p)
		return owner != nil && ready(p) && slices.ContainsFunc(then[owner.UID], func(other *corev1.Pod) bool { return alike(p, other) })
	}, nil
}

// mirror tells the image of a static pod: to end it is to change nothing, for the
// pod is a file on its node.
func mirror(p *corev1.Pod) bool { return p.Annotations[corev1.MirrorPodAnnotationKey] != "" }

// alike says that nobody has changed a pod since its controller made it like the other.
func alike(p, other *corev1.Pod) bool {
	return p.Generation == other.Generation && maps.Equal(p.Labels, other.Labels) && maps.Equal(p.Annotations, other.Annotations)
}

// touchesSystem says that something is put back that the system's pods go by. What
// an object with a generation says of its own state does not count, nor does history.
func (r *Resetter) touchesSystem(now *snapshot, edits []edit) (bool, error) {
	for _, e := range edits {
		if e.value == nil || history(e.key) {
			continue
		}
		then, err := metadata(e.value)
		if err != nil {
			return false, fmt.Errorf("decode %s: %w", e.key, err)
		}
		if then.Namespace != r.System && !concernsAll(e.key) {
			continue
		}
		same, err := sameSpec(now.Objects[e.key], then)
		if err != nil {
			return false, fmt.Errorf("decode %s: %w", e.key, err)
		}
		if !same {
			r.Log.Info("the system's pods do not stay", "for", e.key)
			return true, nil
		}
	}
	return false, nil
}

// sameSpec says that a stored object, if it is there at all, asks for what another did.
func sameSpec(value []byte, b *metav1.PartialObjectMetadata) (bool, error) {
	if value == nil {
		return false, nil
	}
	a, err := metadata(value)
	return err == nil && a.Generation > 0 && a.Generation == b.Generation && a.UID == b.UID && a.DeletionTimestamp == nil &&
		maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations), err
}

// concernsAll tells what the system's pods need to speak to the API: once cut off,
// they may take half a minute to try again. Programs' roles have a colon in their
// names, people's have none.
func concernsAll(key string) bool {
	for _, prefix := range []string{"clusterroles/", "clusterrolebindings/"} {
		if name, is := strings.CutPrefix(key, registry+prefix); is {
			return strings.Contains(name, ":")
		}
	}
	return strings.HasPrefix(key, registry+"services/") && strings.HasSuffix(key, apiService)
}
