package lab_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"labctl.dev/labctl/internal/lab"
)

func params() map[string]lab.Param {
	return map[string]lab.Param{
		"replicas": {OneOf: []any{int64(2), int64(3), int64(4)}},
		"port":     {Int: &lab.IntRange{Min: 8000, Max: 8999}},
		"name":     {Word: 7},
		"tier":     {OneOf: []any{"front", "back"}},
		"fixed":    {Int: &lab.IntRange{Min: 5, Max: 5}},
	}
}

// TestDrawIsForever holds values that must never change: a submission is graded
// with the seed it was made with, perhaps by another release.
func TestDrawIsForever(t *testing.T) {
	for seed, want := range map[uint64]map[string]any{
		0:                    {"fixed": int64(5), "name": "mesedib", "port": int64(8066), "replicas": int64(3), "tier": "back"},
		42:                   {"fixed": int64(5), "name": "vejejep", "port": int64(8740), "replicas": int64(3), "tier": "front"},
		18446744073709551615: {"fixed": int64(5), "name": "gufuhog", "port": int64(8816), "replicas": int64(4), "tier": "back"},
	} {
		if diff := cmp.Diff(want, lab.Draw(params(), seed)); diff != "" {
			t.Errorf("seed %d: -want +got\n%s", seed, diff)
		}
	}
}

func TestDrawDependsOnNameOnly(t *testing.T) {
	few := params()
	delete(few, "port")
	delete(few, "tier")
	all, some := lab.Draw(params(), 7), lab.Draw(few, 7)
	for name := range few {
		if all[name] != some[name] {
			t.Errorf("%s is %v with all parameters and %v with some", name, all[name], some[name])
		}
	}
}

func TestDrawCoversRange(t *testing.T) {
	seen := map[any]int{}
	for seed := range uint64(3000) {
		v := lab.Draw(map[string]lab.Param{"n": {Int: &lab.IntRange{Min: -1, Max: 1}}}, seed)
		seen[v["n"]]++
	}
	for _, n := range []int64{-1, 0, 1} {
		if seen[n] < 800 {
			t.Errorf("%d was drawn %d times out of 3000", n, seen[n])
		}
	}
	if len(seen) != 3 {
		t.Errorf("drew %v", seen)
	}
}
