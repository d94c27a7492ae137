package lab

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab/nearest"
)

// Values are what the references in a lab's texts stand for.
type Values struct {
	// Params are the drawn parameters: string, int64 or bool.
	Params map[string]any
	// Images are image references by the name the lab gives them.
	Images map[string]string
	// Namespace is the lab's.
	Namespace string
}

// Vars are the values as expressions see them.
func (v Values) Vars() expr.Vars { return expr.Vars{Params: v.Params, Images: v.Images} }

// Env is the values as scripts see them: params as PARAM_<NAME>, images as
// IMAGE_<NAME>, in capitals and with _ for every other character, and NAMESPACE.
func (v Values) Env() []string {
	env := []string{"NAMESPACE=" + v.Namespace}
	for _, name := range slices.Sorted(maps.Keys(v.Params)) {
		env = append(env, "PARAM_"+envName(name)+"="+expr.Text(v.Params[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(v.Images)) {
		env = append(env, "IMAGE_"+envName(name)+"="+v.Images[name])
	}
	return env
}

func envName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

// ReferenceError is a reference to something that the lab does not define.
type ReferenceError struct {
	Name         string // params.replica
	Line, Column int    // in the text, from 1
	known        []string
}

func (e *ReferenceError) Error() string {
	return fmt.Sprintf("$(%s) refers to nothing in this lab", e.Name)
}

// Place is where in the text the reference stands, both from 1.
func (e *ReferenceError) Place() (line, column int) { return e.Line, e.Column }

// Suggestion names what was perhaps meant.
func (e *ReferenceError) Suggestion() string {
	return nearest.Suggestion(e.Name, e.known) + " ($$(" + e.Name + ") would keep the text as it is)"
}

// reference matches $(params.x), $(images.x), $(namespace) and, to catch typing
// errors, any other dotted name. $(date), $(kubectl get pods) and Kubernetes'
// own $(VARIABLE) are not references. Another $ before it keeps the text.
func reference() *regexp.Regexp {
	return regexp.MustCompile(`\$?\$\((namespace|[a-zA-Z][a-zA-Z0-9]*(?:\.[a-zA-Z0-9_-]+)+)\)`)
}

// Refers tells if a text holds a reference.
func Refers(text string) bool { return strings.Contains(text, "$(") && reference().MatchString(text) }

// Expand fills in the references of a text. The error is a *ReferenceError.
func Expand(text string, values Values) (string, error) {
	if !strings.Contains(text, "$(") {
		return text, nil
	}
	var out strings.Builder
	last := 0
	for _, m := range reference().FindAllStringSubmatchIndex(text, -1) {
		begin, end, name := m[0], m[1], text[m[2]:m[3]]
		out.WriteString(text[last:begin])
		last = end
		if strings.HasPrefix(text[begin:], "$$") {
			out.WriteString(text[begin+1 : end])
			continue
		}
		value, ok := values.lookup(name)
		if !ok {
			return "", values.unknown(text, begin, name)
		}
		out.WriteString(value)
	}
	out.WriteString(text[last:])
	return out.String(), nil
}

func (v Values) lookup(name string) (string, bool) {
	group, rest, _ := strings.Cut(name, ".")
	switch {
	case name == "namespace":
		return v.Namespace, true
	case name == "node.ip":
		return "$(node.ip)", true // only who asks a running cluster knows it
	case group == "params":
		value, ok := v.Params[rest]
		return expr.Text(value), ok
	case group == "images":
		ref, ok := v.Images[rest]
		return ref, ok
	}
	return "", false
}

func (v Values) unknown(text string, offset int, name string) error {
	known := []string{"namespace", "node.ip"}
	for param := range maps.Keys(v.Params) {
		known = append(known, "params."+param)
	}
	for image := range maps.Keys(v.Images) {
		known = append(known, "images."+image)
	}
	slices.Sort(known)
	before := text[:offset]
	return &ReferenceError{
		Name: name, known: known,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1,
	}
}
