package strictyaml

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"labctl.dev/labctl/internal/lab/nearest"
)

// scalar decodes a string, an integer or a boolean.
func (dec *decoder) scalar(path string, n ast.Node, v reflect.Value, f field) {
	switch v.Kind() {
	case reflect.String:
		dec.text(path, n, v, f)
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
		dec.wrongType(path, n, "true or false")
	case reflect.Int:
		dec.integer(path, n, v, f)
	default:
		panic(fmt.Sprintf("strictyaml: no way to decode %s into %s", path, v.Type()))
	}
}

func (dec *decoder) text(path string, n ast.Node, v reflect.Value, f field) {
	var text string
	switch n := n.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.IntegerNode:
		if !f.integerToo {
			dec.wrongType(path, n, "text")
			return
		}
		text = n.Token.Value
	default:
		dec.wrongType(path, n, "text")
		return
	}
	text, _ = dec.expand(path, text)
	dec.checkText(path, n, text, f)
	v.SetString(text)
}

func (dec *decoder) checkText(path string, n ast.Node, text string, f field) {
	at := start(n)
	switch {
	case text == "" && f.required:
		dec.report(at, RuleMissing, name(path)+" is empty", "")
	case f.maxLength > 0 && utf8.RuneCountInString(text) > f.maxLength:
		dec.report(at, RuleValue, fmt.Sprintf("%s has %d characters, at most %d are allowed",
			name(path), utf8.RuneCountInString(text), f.maxLength), "")
	case len(f.enum) > 0 && !slices.Contains(f.enum, text):
		dec.report(at, RuleValue, fmt.Sprintf("%s cannot be %q", name(path), text), enumSuggestion(text, f.enum))
	case f.pattern != "" && text != "" && !regexp.MustCompile(f.pattern).MatchString(text):
		dec.report(at, RuleValue, fmt.Sprintf("%s cannot be %q", name(path), text), "it has to match "+f.pattern)
	}
}

func enumSuggestion(text string, enum []string) string {
	if near := nearest.Name(text, enum); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "it is one of " + strings.Join(enum, ", ")
}

func (dec *decoder) integer(path string, n ast.Node, v reflect.Value, f field) {
	value := dec.any(path, n)
	if text, ok := value.(string); ok && f.integerToo && dec.options.Refers != nil && dec.options.Refers(text) {
		return
	}
	i, ok := value.(int64)
	if !ok || i > math.MaxInt32 || i < math.MinInt32 {
		dec.wrongType(path, n, "a whole number")
		return
	}
	switch {
	case f.minimum != nil && i < *f.minimum:
		dec.report(start(n), RuleValue, fmt.Sprintf("%s cannot be %d", name(path), i), fmt.Sprintf("it is at least %d", *f.minimum))
	case f.maximum != nil && i > *f.maximum:
		dec.report(start(n), RuleValue, fmt.Sprintf("%s cannot be %d", name(path), i), fmt.Sprintf("it is at most %d", *f.maximum))
	}
	v.SetInt(i)
}

// expand fills the references in, and tells if there were any.
func (dec *decoder) expand(path, text string) (string, bool) {
	if dec.options.Expand == nil {
		return text, false
	}
	expanded, err := dec.options.Expand(text)
	var placed ExpandError
	switch {
	case errors.As(err, &placed):
		line, column := placed.Place()
		dec.report(dec.doc.Within(path, line, column), RuleReference, err.Error(), placed.Suggestion())
		return text, false
	case err != nil:
		dec.report(dec.doc.At(path), RuleReference, err.Error(), "")
		return text, false
	}
	return expanded, expanded != text
}

func (dec *decoder) wrongType(path string, n ast.Node, want string) {
	suggestion := ""
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		if want == "text" {
			suggestion = "put it in quotes: " + strconv.Quote(n.GetToken().Value)
		}
	}
	dec.report(start(n), RuleType, fmt.Sprintf("%s has to be %s, not %s", name(path), want, describe(n)), suggestion)
}

func describe(n ast.Node) string {
	switch n := n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	case *ast.StringNode:
		return "the text " + strconv.Quote(short(n.Value))
	case *ast.LiteralNode:
		return "a text"
	}
	return n.Type().YAMLName()
}

func short(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return text
}

func name(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}
