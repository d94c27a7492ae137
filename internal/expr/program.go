package expr

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
)

// Program is a compiled expression, safe for concurrent use.
type Program struct {
	text string
	env  *Env
	ast  *cel.Ast
	run  cel.Program
}

// String is the expression as written.
func (p *Program) String() string { return p.text }

// Eval evaluates the expression to nil, bool, int64, uint64, float64, string,
// []byte, time.Time, time.Duration, []any or map[string]any. The error is a
// *MissingError, an *EvalError, or wraps the context's.
func (p *Program) Eval(ctx context.Context, vars Vars) (any, error) {
	return p.eval(ctx, vars.activation())
}

// Bool is Eval for a condition.
func (p *Program) Bool(ctx context.Context, vars Vars) (bool, error) {
	v, err := p.Eval(ctx, vars)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, &EvalError{Text: p.text, Err: fmt.Errorf("%w, but %s", ErrNotBool, Format(v))}
	}
	return b, nil
}

func (p *Program) eval(ctx context.Context, activation map[string]any) (any, error) {
	value, _, err := p.run.ContextEval(ctx, activation)
	if err != nil {
		return nil, p.evalError(ctx, err)
	}
	return native(value), nil
}

func (p *Program) evalError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("evaluate %q: %w", p.text, context.Cause(ctx))
	}
	at := p.find(err)
	if missing := p.missing(at, err); missing != nil {
		return missing
	}
	result := &EvalError{Text: p.text, Err: p.words(err)}
	if at != nil {
		loc := p.ast.NativeRep().SourceInfo().GetStartLocation(at.ID())
		result.Line, result.Column = loc.Line(), loc.Column()+1
	}
	return result
}

// words explains the errors whose text says little.
func (p *Program) words(err error) error {
	switch {
	case err.Error() == "no such overload":
		return ErrType
	case isConversion(err):
		return fmt.Errorf("%w: %w", ErrType, err)
	case isCostLimit(err):
		return ErrCost
	}
	return err
}

// isConversion tells int("one") and the like, and loops over what is no list. Text
// that is none (bytes without an encoding, a bad quantity) is another matter.
func isConversion(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "type conversion error") || strings.HasSuffix(text, "expected iterable type")
}

func (v Vars) activation() map[string]any {
	params, images, recorded := v.Params, v.Images, v.Recorded
	if params == nil {
		params = map[string]any{}
	}
	if images == nil {
		images = map[string]string{}
	}
	if recorded == nil {
		recorded = map[string]any{}
	}
	return map[string]any{"self": v.Self, "params": params, "images": images, "recorded": recorded}
}
