package check

import (
	"context"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/expr"
)

// describe fills in what a person reads: the message, both sides, the causes.
func (s *scenario) describe(ctx context.Context, r *Result, f finding, explain bool) {
	r.Message = f.message
	if x := f.expectation; x != nil {
		vars := s.vars(f.seen.Self)
		why, _ := explanation(ctx, x, vars)
		r.Expected = render(ctx, x.expected, vars, expected(x, why))
		r.Observed = observed(f.seen, why)
		if f.seen.Self != nil {
			r.Observed = render(ctx, x.observed, vars, r.Observed)
		}
		r.Message = render(ctx, x.message, vars, "")
		if r.Message == "" {
			r.Message = sentence(s.node.check.Title + ": not so")
		}
	}
	if f.verdict == Fail || f.verdict == Pending {
		r.Causes = s.causes(ctx, f, explain)
	}
}

// explanation says in the expression's own terms why it is not true.
func explanation(ctx context.Context, x *expectation, vars expr.Vars) (expr.Explanation, bool) {
	if x.that == nil || vars.Self == nil {
		return expr.Explanation{}, false
	}
	return x.that.Explain(ctx, vars)
}

func expected(x *expectation, why expr.Explanation) string {
	k := x.spec.Kubernetes
	switch {
	case why.Expected != "":
		return why.Expected
	case k != nil && k.Absent:
		return "no " + probe.Describe(*k)
	case x.spec.ExpectsAbsence():
		return "no " + probe.DescribeDocker(*x.spec.Docker)
	case k != nil:
		return probe.Describe(*k)
	case x.that != nil:
		return expr.Display(x.that.String())
	}
	return x.name
}

func observed(l look, why expr.Explanation) string {
	switch {
	case !l.Found && l.Missing != "" && (l.Self == nil || why.Observed == ""):
		return l.Missing
	case why.Observed != "":
		return why.Observed
	}
	return l.Summary
}

// render fills in a template. One that cannot be filled in must not hide the
// finding: then the other text will do.
func render(ctx context.Context, t *expr.Template, vars expr.Vars, otherwise string) string {
	if t == nil {
		return otherwise
	}
	text, err := t.Render(ctx, vars)
	if err != nil {
		return otherwise
	}
	return text
}
