package expr

import (
	"errors"
	"strings"

	"github.com/google/cel-go/cel"
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// find returns the part of the expression that an error is about, or nil.
func (p *Program) find(err error) celast.Expr {
	var e *types.Err
	if !errors.As(err, &e) || e.NodeID() == 0 {
		return nil
	}
	var found celast.Expr
	celast.PreOrderVisit(p.ast.NativeRep().Expr(), celast.NewExprVisitor(func(n celast.Expr) {
		if n.ID() == e.NodeID() {
			found = n
		}
	}))
	return found
}

// missing tells an error about something absent from all others. The node of
// such an error is the whole chain (self.a.b.c); the absent key is in it.
func (p *Program) missing(at celast.Expr, err error) *MissingError {
	key, ok := absentKey(err.Error())
	if !ok {
		return nil
	}
	if at == nil {
		at = p.ast.NativeRep().Expr()
	}
	path := key
	celast.PreOrderVisit(at, celast.NewExprVisitor(func(n celast.Expr) {
		if reads(n, key) {
			path = p.source(n)
		}
	}))
	return &MissingError{Path: path, Key: key}
}

func absentKey(message string) (string, bool) {
	for _, prefix := range []string{"no such key: ", "index out of bounds: "} {
		if key, ok := strings.CutPrefix(message, prefix); ok {
			return key, true
		}
	}
	return "", false
}

// reads tells if an expression is a read of this key: x.key, x["key"], x[0].
func reads(n celast.Expr, key string) bool {
	switch n.Kind() {
	case celast.SelectKind:
		return n.AsSelect().FieldName() == key
	case celast.CallKind:
		call := n.AsCall()
		if call.FunctionName() != operators.Index {
			return false
		}
		index := call.Args()[1]
		return index.Kind() != celast.LiteralKind || Text(native(index.AsLiteral())) == key
	}
	return false
}

func isCostLimit(err error) bool { return strings.Contains(err.Error(), "cost limit exceeded") }

// source is a part of the expression as text.
func (p *Program) source(part celast.Expr) string {
	text, err := cel.ExprToString(part, p.ast.NativeRep().SourceInfo())
	if err != nil {
		return p.text
	}
	return text
}
