package stimulus

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/check/undo"
)

// limited is a Deployment with this limit; none if it is below 0.
func limited(limit int64) *unstructured.Unstructured {
	spec := map[string]any{}
	if limit >= 0 {
		spec["revisionHistoryLimit"] = limit
	}
	return &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
}

func TestRaiseLimit(t *testing.T) {
	for _, tt := range []struct{ applied, had, want int64 }{
		{-1, 1, 1 + room}, {-1, 0, room}, {0, 3, 3 + room}, {5, 3, 5 + room}, {-1, -1, -1}, {-1, noLimit, -1}, {4, noLimit, 4},
	} {
		o := limited(tt.applied)
		if err := raiseLimit(o, limited(tt.had)); err != nil {
			t.Fatal(err)
		}
		got, set, err := unstructured.NestedInt64(o.Object, historyLimit()...)
		if !set {
			got = -1
		}
		if err != nil || got != tt.want {
			t.Errorf("%d applied to %d becomes %d, %v, want %d", tt.applied, tt.had, got, err, tt.want)
		}
	}
}

func TestLimitLast(t *testing.T) {
	e := undo.Edit{Changes: []revert.Change{{Path: []string{"spec", "replicas"}}, {Path: historyLimit()}, {Path: []string{"spec", "paused"}}}}
	limitLast(&e)
	if len(e.Changes) != 2 || len(e.Last) != 1 || e.Last[0].Path[1] != "revisionHistoryLimit" {
		t.Errorf("%+v, then %+v", e.Changes, e.Last)
	}
}
