package lab

import (
	"labctl.dev/labctl/internal/lab/problem"
	"labctl.dev/labctl/internal/lab/strictyaml"
)

// At is a problem with the value at a path of lab.yaml, such as tasks[0].id.
func (s *Source) At(path, rule, message, suggestion string) Problem {
	return newProblem(s.Document, s.Document.At(path), rule, message, suggestion)
}

// At is a problem with the value at a path of verdict.yaml.
func (c CaseFile) At(path, rule, message, suggestion string) Problem {
	return newProblem(c.Document, c.Document.At(path), rule, message, suggestion)
}

func newProblem(d *strictyaml.Document, at strictyaml.Position, rule, message, suggestion string) Problem {
	return Problem{
		File: d.File, Line: at.Line, Column: at.Column,
		Rule: rule, Severity: problem.Error, Message: message, Suggestion: suggestion,
	}
}
