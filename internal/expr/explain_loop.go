package expr

import (
	"fmt"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// explainLoop explains list.all(x, …) and list.exists(x, …).
func (s *scope) explainLoop(n celast.Expr) (Explanation, bool) {
	macro, ok := s.program.ast.NativeRep().SourceInfo().GetMacroCall(n.ID())
	if !ok || macro.Kind() != celast.CallKind || len(macro.AsCall().Args()) != 2 {
		return Explanation{}, false
	}
	call := macro.AsCall()
	value, err := s.eval(call.Target())
	if err != nil {
		return s.state(n, call.Target()), true
	}
	items, ok := value.([]any)
	if !ok {
		return Explanation{}, false
	}
	switch call.FunctionName() {
	case operators.All:
		return s.firstBreaking(n, call, items)
	case operators.Exists, operators.ExistsOne:
		text := Display(s.program.source(n))
		return Explanation{Part: text, Expected: text, Observed: s.noneOf(call, items)}, true
	}
	return Explanation{}, false
}

// firstBreaking explains the first item for which the condition is not true.
func (s *scope) firstBreaking(n celast.Expr, call celast.CallExpr, items []any) (Explanation, bool) {
	variable, condition := call.Args()[0].AsIdent(), call.Args()[1]
	for i, item := range items {
		inner, err := s.bind(variable, item)
		if err != nil {
			return Explanation{}, false
		}
		if v, err := inner.eval(condition); err == nil && v == true {
			continue
		}
		e := inner.explain(condition)
		e.Part = Display(s.program.source(n))
		e.Expected = fmt.Sprintf("%s, for every %s of %s", e.Expected, variable, Display(s.program.source(call.Target())))
		e.Observed = fmt.Sprintf("%s, for %s", e.Observed, itemName(item, i))
		return e, true
	}
	return Explanation{}, false
}

func (s *scope) noneOf(call celast.CallExpr, items []any) string {
	list := Display(s.program.source(call.Target()))
	switch {
	case len(items) == 0:
		return list + " is empty"
	case call.FunctionName() == operators.ExistsOne:
		return fmt.Sprintf("not exactly one of the %d items of %s", len(items), list)
	case len(items) == 1:
		return fmt.Sprintf("not so for %s, the only item of %s", itemName(items[0], 0), list)
	}
	return fmt.Sprintf("none of the %d items of %s", len(items), list)
}

// itemName is an object's name where there is one, else the item's place.
func itemName(item any, index int) string {
	if object, ok := item.(map[string]any); ok {
		if meta, ok := object["metadata"].(map[string]any); ok && meta["name"] != nil {
			return Text(meta["name"])
		}
		if name, ok := object["name"].(string); ok {
			return name
		}
		return fmt.Sprintf("item %d", index)
	}
	return Format(item)
}
