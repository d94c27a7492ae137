package stimulus

import (
	"math"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/check/undo"
)

func historyLimit() []string { return []string{"spec", "revisionHistoryLimit"} }

const (
	// room is how many revisions more than the learner allows are kept.
	room = 10
	// noLimit and above, nothing is thrown away.
	noLimit = math.MaxInt32 - room
)

// raiseLimit has the controller of Deployments keep the revisions that it would
// throw away for a new one: it sets in a Deployment, or what is applied to it, a
// limit above those that it has and had.
func raiseLimit(o, had *unstructured.Unstructured) error {
	var limit int64
	known := false
	for _, d := range []*unstructured.Unstructured{had, o} {
		n, limited, err := unstructured.NestedInt64(d.Object, historyLimit()...)
		if err != nil {
			return err
		}
		limit, known = max(limit, n), known || limited
	}
	if !known || limit >= noLimit {
		return nil
	}
	return unstructured.SetNestedField(o.Object, limit+room, historyLimit()...)
}

// limitLast has the limit put back after all else, when the revisions are gone that
// the controller would count.
func limitLast(e *undo.Edit) {
	limits := func(c revert.Change) bool { return slices.Equal(c.Path, historyLimit()) }
	if i := slices.IndexFunc(e.Changes, limits); i >= 0 {
		e.Last = []revert.Change{e.Changes[i]}
		e.Changes = slices.Delete(e.Changes, i, i+1)
	}
}
