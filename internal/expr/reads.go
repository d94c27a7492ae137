package expr

import (
	"slices"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// Reads lists the keys that the expression reads of a variable by name:
// params.replicas and params["replicas"] read "replicas" of "params". Keys that
// are asked for as optional, or with has(), are not listed.
func (p *Program) Reads(variable string) []string {
	var keys []string
	celast.PreOrderVisit(p.ast.NativeRep().Expr(), celast.NewExprVisitor(func(n celast.Expr) {
		switch n.Kind() {
		case celast.SelectKind:
			s := n.AsSelect()
			if isVariable(s.Operand(), variable) && !s.IsTestOnly() {
				keys = append(keys, s.FieldName())
			}
		case celast.CallKind:
			c := n.AsCall()
			if c.FunctionName() != operators.Index || !isVariable(c.Args()[0], variable) {
				return
			}
			if key := c.Args()[1]; key.Kind() == celast.LiteralKind {
				keys = append(keys, Text(native(key.AsLiteral())))
			}
		}
	}))
	slices.Sort(keys)
	return slices.Compact(keys)
}

func isVariable(n celast.Expr, name string) bool {
	return n.Kind() == celast.IdentKind && n.AsIdent() == name
}

// Reads is Program.Reads over the expressions of a template.
func (t *Template) Reads(variable string) []string {
	var keys []string
	for _, part := range t.parts {
		if part.program != nil {
			keys = append(keys, part.program.Reads(variable)...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
