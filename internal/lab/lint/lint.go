// Package lint checks what a lab means, after package lab has checked how it is
// written: that everything named exists, that expressions compile, that its
// verdict cases can prove it.
package lint

import (
	"context"
	"io/fs"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/problem"
	"labctl.dev/labctl/internal/lab/strictyaml"
)

// Known are the names that a lab may use and that other packages define. An
// nil list allows any name, an empty one none.
type Known struct {
	Capabilities []string // of engines
	Components   []string
	Engines      []string
	Apps         []string // applets of labapp
	Codes        []string // findings that checks make by themselves
}

// Linter checks labs. It is safe for concurrent use.
type Linter struct {
	Known Known
	Env   *expr.Env
}

// Check loads a lab from its directory and reports all that is wrong with it,
// sorted. The source is nil when lab.yaml is not YAML. The path is how problems
// name the directory.
func (l Linter) Check(ctx context.Context, dir fs.FS, path string) (*lab.Source, lab.Problems) {
	source, problems := lab.Load(dir, path)
	if source == nil {
		return nil, problems
	}
	cases, caseProblems := source.Cases(nil)
	problems = append(problems, caseProblems...)
	found := l.run(ctx, Rules(), pass{Source: source, cases: cases, written: problems})
	return source, append(problems, found...).Sorted()
}

// Startable reports what keeps a lab that has been loaded from being started:
// the errors of the rules for the lab itself, without its verdicts.
func (l Linter) Startable(ctx context.Context, source *lab.Source) lab.Problems {
	return l.run(ctx, labRules(), pass{Source: source}).Errors().Sorted()
}

// run applies rules to what a pass holds.
func (l Linter) run(ctx context.Context, rules []Rule, with pass) (problems lab.Problems) {
	for _, rule := range rules {
		if rule.check == nil || ctx.Err() != nil {
			continue
		}
		p := with
		p.Linter, p.rule = l, rule
		rule.check(&p)
		problems = append(problems, p.problems...)
	}
	return problems
}

// pass is one rule at work on one lab.
type pass struct {
	Linter
	*lab.Source

	rule     Rule
	cases    []lab.CaseFile
	written  lab.Problems // of the files as they are written
	problems lab.Problems
}

func (p *pass) add(found lab.Problem) {
	found.Rule, found.Severity = p.rule.ID, p.rule.Severity
	p.problems = append(p.problems, found)
}

// at reports a problem with the value at a path of lab.yaml.
func (p *pass) at(path, message, suggestion string) {
	p.add(p.At(path, "", message, suggestion))
}

// inCase reports a problem with the value at a path of a verdict.yaml.
func (p *pass) inCase(c lab.CaseFile, path, message, suggestion string) {
	p.add(c.At(path, "", message, suggestion))
}

// within reports a problem inside a text of lab.yaml.
func (p *pass) within(path string, line, column int, message, suggestion string) {
	p.place(p.Document.File, p.Document.Within(path, line, column), message, suggestion)
}

// inFile reports a problem in another file of the lab.
func (p *pass) inFile(file string, line, column int, message, suggestion string) {
	p.place(p.Name(file), strictyaml.Position{Line: line, Column: column}, message, suggestion)
}

func (p *pass) place(file string, at strictyaml.Position, message, suggestion string) {
	p.add(problem.Problem{File: file, Line: at.Line, Column: at.Column, Message: message, Suggestion: suggestion})
}
