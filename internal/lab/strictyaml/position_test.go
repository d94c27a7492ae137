package strictyaml_test

import (
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/lab/strictyaml"
)

const styles = `plain: ab XX
quoted: "a\tb\"XX"
single: 'it''s é XX'
literal: |
  first
    XX
folded: >-
  first
  second

  third XX
multi: one
  two XX
list: [a, {k: v XX}]
`

// TestWithin looks for the two letters in the decoded text, and then in the
// file at the place that Within gives.
func TestWithin(t *testing.T) {
	text := styles
	d, problems := strictyaml.Parse("f.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	lines := strings.Split(text, "\n")
	for path, decoded := range map[string]string{
		"plain": "ab XX", "quoted": "a\tb\"XX", "single": "it's é XX", "literal": "first\n  XX\n",
		"folded": "first second\nthird XX", "multi": "one two XX", "list[1].k": "v XX",
	} {
		before, _, _ := strings.Cut(decoded, "XX")
		line := strings.Count(before, "\n") + 1
		column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
		at := d.Within(path, line, column)
		if rest := string([]rune(lines[at.Line-1])[at.Column-1:]); !strings.HasPrefix(rest, "XX") {
			t.Errorf("%s: %d:%d of the text is %+v, which reads %q", path, line, column, at, rest)
		}
	}
}

func TestAtAndKeyAt(t *testing.T) {
	d, problems := strictyaml.Parse("f.yaml", []byte("a:\n  b: {c: 1}\n  list:\n  - x: 1\n    y:\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for path, want := range map[string][2]strictyaml.Position{
		"a":            {{2, 3}, {1, 1}},
		"a.b.c":        {{2, 10}, {2, 7}},
		"a.list[0]":    {{4, 5}, {4, 5}},
		"a.list[0].y":  {{5, 5}, {5, 5}},
		"a.list[0].zz": {{4, 5}, {4, 5}},
		"a.list[7].q":  {{3, 3}, {3, 3}},
		"nothing":      {{1, 1}, {1, 1}},
	} {
		if at, key := d.At(path), d.KeyAt(path); at != want[0] || key != want[1] {
			t.Errorf("%s: at %+v, key %+v; want %+v", path, at, key, want)
		}
	}
}

// TestBounded gives the parser what would take long, or a deep stack.
func TestBounded(t *testing.T) {
	const n = 100_000
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", n), "braces": strings.Repeat("{", n), "nested maps": strings.Repeat("{a: ", n),
		"dashes": strings.Repeat("- ", n), "keys": strings.Repeat("? ", n), "tags": strings.Repeat("!a ", n),
		"anchors": strings.Repeat("&a ", n), "colons": strings.Repeat("a: ", n), "quote": `"` + strings.Repeat(`\x41`, n/2),
		"long": "a: " + strings.Repeat("x ", n), "lines": strings.Repeat("a:\n", n/2), "comments": strings.Repeat("# x\n", n/2),
		"steps": steps(600), "same keys": strings.Repeat("a: 1\n", n/4), "escapes": "a: \"" + strings.Repeat(`\x41`, n/4) + "\"",
		"items": "a:\n" + strings.Repeat("- b: c\n", n/4), "flow": "a: [" + strings.Repeat("{b: c}, ", n/5) + "]",
	} {
		began := time.Now()
		d, problems := strictyaml.Parse("f.yaml", []byte(text))
		if d == nil && len(problems) == 0 {
			t.Errorf("%s: neither a document nor a problem", name)
		}
		if d != nil {
			d.Within("a", 1, 90_000)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

// steps nests maps by indentation.
func steps(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
