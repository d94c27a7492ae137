package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// expectation is one `expect`, its expressions compiled.
type expectation struct {
	spec                          lab.Expect
	name                          string // "kubernetes Deployment web"
	that, contradicts, converging *expr.Program
	message, expected, observed   *expr.Template
	// written says that it is about what somebody wrote: no work on its way
	// changes that, only another writing.
	written bool
}

func compile(env *expr.Env, x lab.Expect) (*expectation, error) {
	e := &expectation{spec: x, name: probe.Name(x), written: written(x)}
	that := x.That
	if that == "" {
		that = defaultThat(x)
	}
	var err error
	condition := func(field, text string) *expr.Program {
		if text == "" || err != nil {
			return nil
		}
		p, bad := env.CompileBool(text)
		if bad != nil {
			err = fmt.Errorf("%s: %w", field, bad)
		}
		return p
	}
	template := func(field, text string) *expr.Template {
		if text == "" || err != nil {
			return nil
		}
		t, bad := env.Template(text)
		if bad != nil {
			err = fmt.Errorf("%s: %w", field, bad)
		}
		return t
	}
	e.that = condition("that", that)
	e.contradicts = condition("contradicts", x.Contradicts)
	e.converging = condition("converging", x.Converging)
	e.message = template("message", x.Message)
	e.expected = template("expected", x.Expected)
	e.observed = template("observed", x.Observed)
	return e, err
}

// written tells the expectations that look only at what people write: the spec of
// one object that they make, what a container was made with, an image, a script that says so.
func written(x lab.Expect) bool {
	about := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(x.That, w) })
	}
	switch k, d := x.Kubernetes, x.Docker; {
	case x.Script != nil:
		return x.Script.Written
	case k != nil:
		return k.Name != "" && !progress.Derived(k.Kind) && !about("status")
	case d != nil:
		return d.List == "" && !about("State", "NetworkSettings", "RestartCount", "Containers")
	}
	return false
}

// defaultThat is what "it is enough that the probe finds something" means where
// a failure, too, is something found.
func defaultThat(x lab.Expect) string {
	switch {
	case x.HTTP != nil:
		return "self.failed == 0 && self.responses.all(r, r.status < 400)"
	case x.Exec != nil && x.Exec.All:
		return "self.results.all(r, r.exitCode == 0)"
	case x.Exec != nil:
		return "self.exitCode == 0"
	case x.Load != nil:
		return "self.total > 0 && self.failed == 0"
	}
	return ""
}

// expressionError says that an expression of the lab is at fault, not what it
// was evaluated on.
type expressionError struct{ err error }

func (e *expressionError) Error() string { return e.err.Error() }
func (e *expressionError) Unwrap() error { return e.err }

// undecidedError says that an expression cannot cope with what it was evaluated
// on, which may be all right: bytes that are no text, say.
type undecidedError struct{ err error }

func (e *undecidedError) Error() string { return e.err.Error() }
func (e *undecidedError) Unwrap() error { return e.err }

// likely is truth where it is enough to know what is certain.
func likely(ctx context.Context, p *expr.Program, vars expr.Vars) (bool, error) {
	ok, err := truth(ctx, p, vars)
	var undecided *undecidedError
	if errors.As(err, &undecided) {
		return false, nil
	}
	return ok, err
}

// truth evaluates a condition. What is not there, or of another type (a field that
// is not set, text for a number), makes it untrue. What no learner can bring about
// is an *expressionError, and all else an *undecidedError.
func truth(ctx context.Context, p *expr.Program, vars expr.Vars) (bool, error) {
	if p == nil {
		return false, nil
	}
	ok, err := p.Bool(ctx, vars)
	var missing *expr.MissingError
	switch {
	case err == nil:
		return ok, nil
	case ctx.Err() != nil:
		return false, err
	case errors.As(err, &missing) && ofLab(missing.Path):
		return false, &expressionError{err}
	case errors.As(err, &missing):
		return false, nil
	case errors.Is(err, expr.ErrCost), errors.Is(err, expr.ErrNotBool):
		return false, &expressionError{err}
	case errors.Is(err, expr.ErrType):
		return false, nil
	}
	return false, &undecidedError{err}
}

// ofLab tells the paths into what the lab itself defines.
func ofLab(path string) bool {
	return strings.HasPrefix(path, "params") || strings.HasPrefix(path, "images") ||
		strings.HasPrefix(path, "recorded.") && strings.Count(path, ".") == 1
}

// holds tells whether an observation is what is expected.
func (e *expectation) holds(ctx context.Context, o probe.Observation, vars expr.Vars) (bool, error) {
	absent := e.spec.ExpectsAbsence()
	switch {
	case o.Unfit != "":
		return false, nil
	case e.that == nil:
		return o.Found != absent, nil
	case o.Self == nil && !absent:
		return false, nil
	}
	return truth(ctx, e.that, vars)
}
