package reset

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// edit puts a value to a key, or deletes the key if the value is nil.
type edit struct {
	key   string
	value []byte
}

// plan returns the edits that take the objects of now back to base, in the
// order in which they are to be made, and base with the identities that its
// objects then have. Pods are left out.
func plan(base, now *snapshot) (edits []edit, identified *snapshot, err error) {
	if base, err = base.identify(now, uuid.NewUUID); err != nil {
		return nil, nil, err
	}
	add := func(key string) error {
		e, change, err := editOf(key, base, now)
		if change {
			edits = append(edits, e)
		}
		return err
	}
	for key := range now.Objects {
		if err := add(key); err != nil {
			return nil, nil, err
		}
	}
	for key := range base.Objects {
		if _, both := now.Objects[key]; !both {
			if err := add(key); err != nil {
				return nil, nil, err
			}
		}
	}
	sort.Slice(edits, func(i, j int) bool {
		if a, b := rank(edits[i].key), rank(edits[j].key); a != b {
			return a < b
		}
		return edits[i].key < edits[j].key
	})
	return edits, base, nil
}

// rank puts first what other objects live in.
func rank(key string) int {
	switch {
	case strings.HasPrefix(key, crdKeys):
		return 0
	case strings.HasPrefix(key, namespaceKeys):
		return 1
	}
	return 2
}

// editOf decides what becomes of one key.
func editOf(key string, base, now *snapshot) (e edit, change bool, err error) {
	if transient(key) || strings.HasPrefix(key, podKeys) {
		return edit{}, false, nil
	}
	old, was := base.Objects[key]
	current, is := now.Objects[key]
	if was && is && bytes.Equal(old, current) || moved(key, old, now) {
		return edit{}, false, nil
	}
	present := current
	if !is {
		present = old
	}
	object, err := metadata(present)
	if err != nil {
		return edit{}, false, fmt.Errorf("decode %s: %w", key, err)
	}
	switch {
	case managed(key, object):
		// Its controller follows, unless the whole namespace goes.
		return edit{key: key}, is && !base.hasNamespace(object.Namespace), nil
	case strings.HasPrefix(key, nodeKeys):
		return editNode(key, old, current)
	case is && !was:
		return edit{key: key}, true, nil
	}
	return edit{key, old}, true, nil
}

func (s *snapshot) hasNamespace(name string) bool {
	_, ok := s.Objects[namespaceKeys+name]
	return ok || name == ""
}

// editNode puts back a node's spec (cordons, taints) and labels. Its status is
// kubelet's and tells of now. A node that joined later stays, if it is real.
func editNode(key string, old, current []byte) (edit, bool, error) {
	if current == nil {
		return edit{key, old}, true, nil
	}
	node, err := decode(current, new(corev1.Node))
	if err != nil {
		return edit{}, false, err
	}
	if old == nil {
		return edit{key: key}, node.Status.NodeInfo.KubeletVersion == "", nil
	}
	base, err := decode(old, new(corev1.Node))
	if err != nil {
		return edit{}, false, err
	}
	node.Spec, node.Labels, node.Finalizers, node.DeletionTimestamp = base.Spec, base.Labels, base.Finalizers, nil
	value, err := encode(node)
	return edit{key, value}, !bytes.Equal(value, current), err
}
