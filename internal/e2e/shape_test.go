//go:build e2e && linux

package e2e

import (
	"strings"
	"testing"
)

// wantShape fails unless a document has every path with a value of its type:
// "tasks[].checks[].points number". An empty list satisfies what is below it.
func wantShape(t *testing.T, d document, shape string) {
	t.Helper()
	for line := range strings.Lines("schemaVersion number\n" + shape) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		if !has(map[string]any(d), strings.Split(fields[0], "."), fields[1]) {
			t.Errorf("no %s that is a %s in %v", fields[0], fields[1], d)
		}
	}
	if d["schemaVersion"] != 1.0 {
		t.Errorf("schemaVersion %v", d["schemaVersion"])
	}
}

func has(value any, path []string, kind string) bool {
	if len(path) == 0 {
		return kindOf(value) == kind
	}
	object, ok := value.(map[string]any)
	if !ok {
		return false
	}
	name, isList := strings.CutSuffix(path[0], "[]")
	child, ok := object[name]
	if !isList {
		return ok && has(child, path[1:], kind)
	}
	items, ok := child.([]any)
	for _, item := range items {
		ok = ok && has(item, path[1:], kind)
	}
	return ok
}

func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "list"
	}
	return "object"
}

// The shapes of the documents, as they are promised.
const (
	startShape = `
		environment string
		lab         string
		engine      string
		seed        number
		workspace   string
		kubeconfig  string
		readyMs     number
		resumed     bool
		steps[].name string
		steps[].ms   number`
	checkShape = `
		lab         string
		environment string
		engine      string
		seed        number
		verdict     string
		score       number
		maxScore    number
		tasks[].id      string
		tasks[].verdict string
		tasks[].checks[].id        string
		tasks[].checks[].verdict   string
		tasks[].checks[].code      string
		tasks[].checks[].points    number
		tasks[].checks[].maxPoints number
		tasks[].checks[].message   string
		tasks[].checks[].expected  string
		tasks[].checks[].observed  string
		tasks[].checks[].ms        number
		tasks[].checks[].causes[].code string
		tasks[].checks[].causes[].text string`
	statusShape = `
		current string
		environments[].environment string
		environments[].lab         string
		environments[].engine      string
		environments[].seed        number
		environments[].state       string
		environments[].health      string
		environments[].workspace   string
		environments[].kubeconfig  string
		environments[].attempts    number`
	tasksShape = `
		lab         string
		environment string
		tasks[].id     string
		tasks[].title  string
		tasks[].points number
		tasks[].hints  number
		tasks[].checks[].id    string
		tasks[].checks[].title string`
	errorShape = `
		error.code    string
		error.message string
		error.hint    string`
)
