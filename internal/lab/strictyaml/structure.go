package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"labctl.dev/labctl/internal/lab/nearest"
)

// field is what the tags of a struct's field say: the same tags that the JSON
// Schema is made from.
type field struct {
	index            int
	key              string
	required         bool
	verbatim         bool // `lab:"verbatim"`: references are not expanded
	oneOf            bool // exactly one of the struct's fields so marked
	integerToo       bool // text that may be a number, or a number that may be a reference
	enum             []string
	pattern          string
	maxLength        int
	minItems         int
	minimum, maximum *int64
}

// structure decodes a map into a struct.
func (dec *decoder) structure(path string, n ast.Node, v reflect.Value) {
	if !isMap(n) {
		dec.wrongType(path, n, "a map")
		return
	}
	fields := fieldsOf(v.Type())
	given := map[string]bool{}
	for _, pair := range pairs(n) {
		key := keyText(pair.Key)
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		switch {
		case pair.Key.IsMergeKey():
		case i < 0:
			dec.unknown(path, key, pair.Key, fields)
		case !given[key]:
			given[key] = true
			dec.value(join(path, key), pair.Value, v.Field(fields[i].index), fields[i])
		}
	}
	for _, f := range fields {
		if f.required && !given[f.key] {
			dec.report(dec.doc.KeyAt(path), RuleMissing, fmt.Sprintf("%s lacks the key %q", name(path), f.key), "")
		}
	}
	dec.exactlyOne(path, fields, given)
}

func (dec *decoder) unknown(path, key string, at ast.Node, fields []field) {
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	dec.report(start(at), RuleUnknown, fmt.Sprintf("%s has no key %q", name(path), key), nearest.Suggestion(key, keys))
}

func (dec *decoder) exactlyOne(path string, fields []field, given map[string]bool) {
	var group, set []string
	for _, f := range fields {
		if !f.oneOf {
			continue
		}
		group = append(group, f.key)
		if given[f.key] {
			set = append(set, f.key)
		}
	}
	if len(group) == 0 || len(set) == 1 {
		return
	}
	at, message := dec.doc.KeyAt(path), fmt.Sprintf("%s needs one of %s", name(path), strings.Join(group, ", "))
	if len(set) > 1 {
		at = dec.doc.KeyAt(join(path, set[1]))
		message = fmt.Sprintf("%s has %s, and only one of them is allowed", name(path), strings.Join(set, " and "))
	}
	dec.report(at, RuleOneOf, message, "")
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		f := field{
			index: i, key: key,
			required: !strings.Contains(options, "omitempty"),
			verbatim: sf.Tag.Get("lab") == "verbatim",
		}
		f.constraints(sf.Tag.Get("jsonschema"))
		fields = append(fields, f)
	}
	return fields
}

func (f *field) constraints(tag string) {
	if tag == "" {
		return
	}
	for part := range strings.SplitSeq(tag, ",") {
		keyword, value, _ := strings.Cut(part, "=")
		switch keyword {
		case "oneof_required":
			f.oneOf = true
		case "oneof_type":
			f.integerToo = true
		case "enum":
			f.enum = append(f.enum, value)
		case "pattern":
			f.pattern = value
		case "maxLength":
			f.maxLength = int(number(value))
		case "minItems":
			f.minItems = int(number(value))
		case "minimum":
			n := number(value)
			f.minimum = &n
		case "maximum":
			n := number(value)
			f.maximum = &n
		}
	}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("strictyaml: a jsonschema tag holds no number: " + text)
	}
	return n
}
