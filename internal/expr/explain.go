package expr

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/cel-go/cel"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// Explanation says why a condition does not hold, in terms of what was looked
// at: "spec.replicas == 3" was expected, "spec.replicas is 1" observed.
type Explanation struct {
	Part     string // the part of the expression that decides
	Expected string
	Observed string
}

// Explain finds the part of a condition that keeps it from being true: of
// `a && b && c` the first that is not true, of `list.all(x, …)` the first item
// that breaks it. ok is false when the condition holds or cannot be explained.
func (p *Program) Explain(ctx context.Context, vars Vars) (e Explanation, ok bool) {
	s := &scope{ctx: ctx, program: p, env: p.env, activation: vars.activation()}
	root := p.ast.NativeRep().Expr()
	if v, err := s.eval(root); ctx.Err() != nil || (err == nil && v == true) {
		return Explanation{}, false
	}
	return s.explain(root), true
}

// Display is an expression as shown to a learner, who does not know of self.
func Display(text string) string { return selfPrefix().ReplaceAllString(text, "") }

func selfPrefix() *regexp.Regexp { return regexp.MustCompile(`\bself\.`) }

// scope is where a part of an expression is looked at: the variables of the
// whole, and those of the loops around the part.
type scope struct {
	ctx        context.Context // a scope lives only as long as one Explain
	program    *Program
	env        *Env
	activation map[string]any
}

func (s *scope) explain(n celast.Expr) Explanation {
	if e, ok := s.explainLoop(n); ok {
		return e
	}
	if n.Kind() == celast.CallKind {
		call := n.AsCall()
		switch name := call.FunctionName(); name {
		case operators.LogicalAnd:
			return s.explain(s.firstUntrue(call.Args()))
		case operators.LogicalOr:
			return s.explainOr(n)
		case operators.Equals, operators.NotEquals, operators.In, operators.Less,
			operators.LessEquals, operators.Greater, operators.GreaterEquals:
			return s.explainComparison(n)
		default:
			if call.IsMemberFunction() {
				return s.state(n, call.Target())
			}
		}
	}
	return s.state(n, n)
}

func (s *scope) firstUntrue(parts []celast.Expr) celast.Expr {
	for _, part := range parts {
		if v, err := s.eval(part); err != nil || v != true {
			return part
		}
	}
	return parts[len(parts)-1]
}

func (s *scope) explainOr(n celast.Expr) Explanation {
	var observed []string
	for _, arg := range n.AsCall().Args() {
		if o := s.explain(arg).Observed; len(observed) == 0 || observed[len(observed)-1] != o {
			observed = append(observed, o)
		}
	}
	text := Display(s.program.source(n))
	return Explanation{Part: text, Expected: text, Observed: strings.Join(observed, "; ")}
}

// explainComparison shows the right side's value in place of its text, and the
// left side's value as what was observed.
func (s *scope) explainComparison(n celast.Expr) Explanation {
	left, right := n.AsCall().Args()[0], n.AsCall().Args()[1]
	if left.Kind() == celast.LiteralKind && right.Kind() != celast.LiteralKind {
		return s.state(n, right) // "x" in self.labels, 3 == self.replicas
	}
	e := s.state(n, left)
	if v, err := s.eval(right); err == nil {
		operator, _ := operators.FindReverseBinaryOperator(n.AsCall().FunctionName())
		e.Expected = fmt.Sprintf("%s %s %s", Display(s.program.source(left)), operator, Format(v))
	} else if s.isSet(left) {
		e.Observed = s.observe(right)
	}
	return e
}

// state explains a part by the value of the subject it is about.
func (s *scope) state(n, subject celast.Expr) Explanation {
	text := Display(s.program.source(n))
	return Explanation{Part: text, Expected: text, Observed: s.observe(subject)}
}

func (s *scope) isSet(n celast.Expr) bool {
	_, err := s.eval(n)
	return err == nil
}

func (s *scope) observe(n celast.Expr) string {
	v, err := s.eval(n)
	var missing *MissingError
	switch {
	case errors.As(err, &missing):
		return missing.Error()
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%s is %s", Display(s.program.source(n)), Format(v))
}

// eval evaluates a part by its text: cel plans whole expressions only.
func (s *scope) eval(n celast.Expr) (any, error) {
	text := s.program.source(n)
	ast, issues := s.env.cel.Compile(text)
	if issues.Err() != nil {
		return nil, compileError(text, issues)
	}
	part, err := s.env.program(text, ast)
	if err != nil {
		return nil, err
	}
	return part.eval(s.ctx, s.activation)
}

// bind is the scope inside a loop, with its variable set.
func (s *scope) bind(name string, value any) (*scope, error) {
	env, err := s.env.cel.Extend(cel.Variable(name, cel.DynType))
	if err != nil {
		return nil, fmt.Errorf("declare the loop variable %s: %w", name, err)
	}
	inner := map[string]any{name: value}
	for k, v := range s.activation {
		if k != name {
			inner[k] = v
		}
	}
	return &scope{ctx: s.ctx, program: s.program, env: &Env{cel: env}, activation: inner}, nil
}
