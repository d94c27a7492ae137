package strictyaml

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"labctl.dev/labctl/internal/lab/problem"
)

// Options say how to decode.
type Options struct {
	// Expand fills in the references of a string, such as $(params.x). A plain
	// (unquoted) value is read again afterwards, so that it can become a number.
	// Fields tagged `lab:"verbatim"` are left alone. An *ExpandError tells where.
	Expand func(string) (string, error)
	// Refers tells if a string holds references that a later decoding expands;
	// such a string is accepted for a number tagged oneof_type, which stays 0.
	Refers func(string) bool
}

// ExpandError is an error of Options.Expand with its place in the text.
type ExpandError interface {
	error
	Place() (line, column int)
	Suggestion() string
}

// Decode fills a struct by its json tags. Keys without omitempty are required;
// constraints are those of jsonschema tags. It goes on after a problem, so the
// struct may be incomplete when there are any.
func (d *Document) Decode(into any, options Options) problem.List {
	dec := &decoder{doc: d, options: options}
	dec.value("", d.root, reflect.ValueOf(into).Elem(), field{})
	return dec.problems
}

type decoder struct {
	doc      *Document
	options  Options
	problems problem.List
}

func (dec *decoder) report(at Position, rule, message, suggestion string) {
	dec.problems = append(dec.problems, dec.doc.problem(at, rule, message, suggestion))
}

// value decodes a node into v. What plainOnly has reported is passed over.
func (dec *decoder) value(path string, n ast.Node, v reflect.Value, f field) {
	if f.verbatim {
		defer func(o Options) { dec.options = o }(dec.options)
		dec.options = Options{}
	}
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.TagType, ast.MergeKeyType, ast.MappingKeyType:
		return
	case ast.NullType:
		if v.Kind() != reflect.Interface {
			dec.report(dec.doc.At(path), RuleMissing, fmt.Sprintf("%s is empty", name(path)), "give it a value or remove it")
		}
		return
	}
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		dec.unmarshal(path, n, u)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		dec.value(path, n, v.Elem(), f)
	case reflect.Struct:
		dec.structure(path, n, v)
	case reflect.Map:
		dec.mapping(path, n, v)
	case reflect.Slice:
		dec.list(path, n, v, f)
	case reflect.Interface:
		if x := dec.any(path, n); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		dec.scalar(path, n, v, f)
	}
}

func (dec *decoder) list(path string, n ast.Node, v reflect.Value, f field) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		dec.wrongType(path, n, "a list")
		return
	}
	if len(list.Values) < f.minItems {
		dec.report(start(n), RuleMissing, fmt.Sprintf("%s is an empty list", name(path)), "add at least one item")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		dec.value(path+"["+strconv.Itoa(i)+"]", item, v.Index(i), field{})
	}
}

func (dec *decoder) mapping(path string, n ast.Node, v reflect.Value) {
	if !isMap(n) {
		dec.wrongType(path, n, "a map")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range pairs(n) {
		item := reflect.New(v.Type().Elem()).Elem()
		key := keyText(pair.Key)
		dec.value(join(path, key), pair.Value, item, field{})
		v.SetMapIndex(reflect.ValueOf(key), item)
	}
}

func isMap(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

func (dec *decoder) unmarshal(path string, n ast.Node, u json.Unmarshaler) {
	value, ok := dec.any(path, n).(string)
	if !ok {
		dec.wrongType(path, n, "text such as 30s")
		return
	}
	data, err := json.Marshal(value)
	if err == nil {
		err = u.UnmarshalJSON(data)
	}
	if err != nil {
		dec.report(start(n), RuleValue, err.Error(), "")
	}
}

// any decodes without a type to go by: into maps, lists, strings, int64,
// float64, bool and nil.
func (dec *decoder) any(path string, n ast.Node) any {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		object := map[string]any{}
		for _, pair := range pairs(n) {
			key := keyText(pair.Key)
			object[key] = dec.any(join(path, key), pair.Value)
		}
		return object
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, item := range n.Values {
			list[i] = dec.any(path+"["+strconv.Itoa(i)+"]", item)
		}
		return list
	case *ast.StringNode:
		text, changed := dec.expand(path, n.Value)
		if changed && n.Token.Type == token.StringType {
			return resolve(text)
		}
		return text
	case *ast.LiteralNode:
		text, _ := dec.expand(path, n.Value.Value)
		return text
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return resolve(n.GetToken().Value)
	}
	return nil
}

// resolve reads a plain value as YAML does.
func resolve(text string) any {
	switch text {
	case "null", "~", "":
		return nil
	case "true":
		return true
	case "false":
		return false
	}
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		return i
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	return text
}
