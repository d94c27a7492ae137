package expr_test

import (
	"slices"
	"testing"
)

func TestReads(t *testing.T) {
	program, err := newEnv(t).Compile(`params.a == self.params.x && params["b"] == params.?c.orValue(1) && has(params.d) && self.all(p, p == params.a)`)
	if err != nil {
		t.Fatal(err)
	}
	if got := program.Reads("params"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}
