package cli

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/check"
)

// documents are the types that -o json prints, by the section of JSON.md.
func documents() map[string]any {
	return map[string]any{
		"error": &errorDocument{}, "list": &listDocument{}, "start": &startDocument{}, "status": &statusDocument{},
		"tasks": &tasksDocument{}, "hint": &hintDocument{}, "check": &checkDocument{}, "reset": &resetDocument{},
		"stop": &stopDocument{}, "doctor": &doctorDocument{}, "gc": &gcDocument{}, "version": &versionDocument{},
		"lab new": &labNewDocument{}, "lab lint": &lintDocument{}, "lab test": &labTestDocument{},
	}
}

// The example of each document has every key of its type, and no other.
func TestEveryJSONKeyIsDocumented(t *testing.T) {
	sections := sectionsOf(t)
	for name, document := range documents() {
		t.Run(name, func(t *testing.T) {
			_, rest, _ := strings.Cut(sections[name], "```json\n")
			example, _, ok := strings.Cut(rest, "```")
			if !ok {
				t.Fatalf("JSON.md has no example under ## %s", name)
			}
			for _, key := range keys(reflect.TypeOf(document)) {
				if !strings.Contains(example, strconv.Quote(key)+":") {
					t.Errorf("the example of %s lacks the key %q", name, key)
				}
			}
			d := json.NewDecoder(strings.NewReader(example))
			d.DisallowUnknownFields()
			if err := d.Decode(document); err != nil {
				t.Errorf("the example of %s is no %T: %v", name, document, err)
			}
		})
	}
}

// No document and no code is forgotten.
func TestEveryDocumentAndCodeIsDocumented(t *testing.T) {
	known := map[string]bool{}
	for _, d := range documents() {
		known[reflect.TypeOf(d).Elem().Name()] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, name := range versionedTypes(parse(t, file)) {
			if !known[name] {
				t.Errorf("%s: %s is printed as JSON; describe it in JSON.md and add it to documents()", file, name)
			}
		}
	}
	all, err := os.ReadFile("JSON.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range check.FailureCodes() {
		if !strings.Contains(string(all), "`"+code+"`") {
			t.Errorf("JSON.md does not mention the code %s, which checks fail with", code)
		}
	}
	for _, file := range []string{"../environment/problem.go", "../check/codes.go"} {
		for _, code := range codes(parse(t, file)) {
			if !strings.Contains(string(all), "`"+code+"`") {
				t.Errorf("JSON.md does not mention the code %s of %s", code, file)
			}
		}
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	for _, list := range [][]string{nil, {}} {
		if got, err := json.Marshal(orEmpty(list)); err != nil || string(got) != "[]" {
			t.Errorf("an empty list is printed as %s, %v", got, err)
		}
	}
}

// sectionsOf splits JSON.md at its headings of the second level.
func sectionsOf(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("JSON.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(data), "\n## ")[1:] {
		name, text, _ := strings.Cut(s, "\n")
		sections[name] = text
	}
	return sections
}

// keys lists the JSON keys of a type and all within it.
func keys(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return keys(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	if t == reflect.TypeFor[time.Time]() {
		return nil
	}
	var all []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			all = append(all, name)
		}
		if f.IsExported() || f.Anonymous {
			all = append(all, keys(f.Type)...)
		}
	}
	return all
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// versionedTypes are the structs that embed versioned.
func versionedTypes(f *ast.File) []string {
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				if id, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 && id.Name == "versioned" {
					names = append(names, spec.Name.Name)
				}
			}
		}
		return true
	})
	return names
}

// codes are the values of the constants named Code….
func codes(f *ast.File) []string {
	var values []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names[:min(len(spec.Names), len(spec.Values))] { // variables may have no value
			if lit, ok := spec.Values[i].(*ast.BasicLit); ok && strings.HasPrefix(name.Name, "Code") {
				if value, err := strconv.Unquote(lit.Value); err == nil {
					values = append(values, value)
				}
			}
		}
		return true
	})
	return values
}
