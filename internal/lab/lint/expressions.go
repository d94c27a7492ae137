package lint

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab/nearest"
)

// text is an expression, or a text with expressions in it, of an expect.
type text struct {
	path, text string
	condition  bool // else a template
	recorded   []string
}

func (p *pass) texts() []text {
	var all []text
	for c, e := range p.expects() {
		recorded := slices.Collect(maps.Keys(c.Record))
		for _, t := range []text{
			{"that", e.That, true, nil}, {"contradicts", e.Contradicts, true, nil}, {"converging", e.Converging, true, nil},
			{"message", e.Message, false, nil}, {"expected", e.Expected, false, nil}, {"observed", e.Observed, false, nil},
		} {
			if at := e.path + "." + t.path; p.Document.Has(at) {
				all = append(all, text{at, t.text, t.condition, recorded})
			}
		}
	}
	return all
}

// reader is a *expr.Program or a *expr.Template.
type reader interface {
	Reads(variable string) []string
}

func (p *pass) compile(t text) (reader, error) {
	if t.condition {
		return p.Env.CompileBool(t.text)
	}
	return p.Env.Template(t.text)
}

func badExpressions(p *pass) {
	for _, t := range p.texts() {
		if t.condition {
			p.noReferences(t)
		}
		_, err := p.compile(t)
		var invalid *expr.CompileError
		if !errors.As(err, &invalid) {
			continue
		}
		for _, issue := range invalid.Issues {
			p.within(t.path, issue.Line, issue.Column, issue.Message, "")
		}
	}
}

// noReferences reports $(params.x) in an expression, where params.x is meant.
func (p *pass) noReferences(t text) {
	m := regexp.MustCompile(`\$\((params|images)\.([^)]*)\)`).FindStringSubmatchIndex(t.text)
	if m == nil {
		return
	}
	before := t.text[:m[0]]
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	variable, name := t.text[m[2]:m[3]], t.text[m[4]:m[5]]
	instead := variable + "." + name
	if strings.Contains(name, "-") {
		instead = fmt.Sprintf("%s[%q]", variable, name)
	}
	p.within(t.path, line, column, "references are not filled in within CEL", "write "+instead)
}

func unknownVariables(p *pass) {
	params, images := slices.Collect(maps.Keys(p.Lab.Params)), slices.Collect(maps.Keys(p.Lab.Images))
	for _, t := range p.texts() {
		program, err := p.compile(t)
		if err != nil {
			continue // badExpressions tells
		}
		for variable, known := range map[string][]string{"params": params, "images": images, "recorded": t.recorded} {
			for _, name := range program.Reads(variable) {
				if slices.Contains(known, name) {
					continue
				}
				at := p.Document.At(t.path)
				if i := strings.Index(t.text, name); i >= 0 {
					before := t.text[:i]
					at = p.Document.Within(t.path, strings.Count(before, "\n")+1, len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))+1)
				}
				p.place(p.Document.File, at, fmt.Sprintf("%s has no %q", variable, name), nearest.Suggestion(name, known))
			}
		}
	}
}
