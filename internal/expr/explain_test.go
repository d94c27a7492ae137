package expr_test

import (
	"testing"

	"labctl.dev/labctl/internal/expr"
)

func TestExplain(t *testing.T) {
	env := newEnv(t)
	for _, test := range []struct{ expression, expected, observed string }{
		{
			"self.kind == 'Deployment' && self.spec.replicas == params.replicas && self.gone == 1",
			"spec.replicas == 3", "spec.replicas is 1",
		},
		{"self.status.readyReplicas >= 1", "status.readyReplicas >= 1", "status is not set"},
		{"self.kind in ['Job', 'Pod']", `kind in ["Job","Pod"]`, `kind is "Deployment"`},
		{"'x' in self.labels", `"x" in labels`, `labels is {"app.kubernetes.io/name":"web"}`},
		{"self.body.startsWith('bye')", `body.startsWith("bye")`, `body is "hello"`},
		{
			"self.items.all(p, has(p.status) && p.status.phase == 'Running')",
			`p.status.phase == "Running", for every p of items`, `p.status.phase is "Pending", for web-2`,
		},
		{"self.items.exists(p, p.status.?phase.orValue('') == 'Failed')", `items.exists(p, p.status.?phase.orValue("") == "Failed")`, "none of the 3 items of items"},
		{"self.none.exists(p, p == 1)", "none.exists(p, p == 1)", "none is empty"},
		{"self.gone.all(p, p == 1)", "gone.all(p, p == 1)", "gone is not set"},
		{"self.kind == 'a' || self.spec.replicas == 9", `kind == "a" || spec.replicas == 9`, `kind is "Deployment"; spec.replicas is 1`},
		{"!(self.spec.replicas == 1)", "!(spec.replicas == 1)", "!(spec.replicas == 1) is false"},
		{"has(self.spec.paused)", "has(spec.paused)", "has(spec.paused) is false"},
		{"size(self.items) == 2", "size(items) == 2", "size(items) is 3"},
		{"self.items.filter(p, p.status.?phase.orValue('') == 'Running').size() >= 2", "", `items.filter(p, p.status.?phase.orValue("") == "Running").size() is 1`},
		{"self.spec.replicas == self.spec.want", "spec.replicas == spec.want", "spec.want is not set"},
	} {
		program, err := env.CompileBool(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		got, ok := program.Explain(t.Context(), vars(t))
		if !ok || (test.expected != "" && got.Expected != test.expected) || got.Observed != test.observed {
			t.Errorf("%s:\ngot  %q, %q\nwant %q, %q", test.expression, got.Expected, got.Observed, test.expected, test.observed)
		}
	}
}

func TestExplainWhatHolds(t *testing.T) {
	program, err := newEnv(t).CompileBool("self == 1")
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := program.Explain(t.Context(), expr.Vars{Self: int64(1)}); ok {
		t.Errorf("explained %+v", e)
	}
}
