// Package problem is what the lab format's checkers find: a place in a file,
// what is wrong there, and what to write instead.
package problem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a lab can be used in spite of a problem.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one thing wrong with a lab.
type Problem struct {
	// File is the path as given by the caller, such as labs/first/lab.yaml.
	File string `json:"file"`
	// Line and Column count from 1, in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Rule is the stable code of what is wrong, such as unknown-key.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	// Suggestion says what to do; it may be empty.
	Suggestion string `json:"suggestion,omitempty"`
}

// String is the problem on one line: file:line:column: message; suggestion [rule].
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		b.WriteString("; " + p.Suggestion)
	}
	fmt.Fprintf(&b, " [%s]", p.Rule)
	return b.String()
}

// List is all that is wrong with a lab. As an error it is every problem, one a
// line; a List that holds warnings only should not be treated as an error: use
// Err.
type List []Problem

func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors are the problems that keep a lab from being used.
func (l List) Errors() List {
	return slices.DeleteFunc(slices.Clone(l), func(p Problem) bool { return p.Severity == Warning })
}

// Err is nil when nothing keeps the lab from being used, else Errors.
func (l List) Err() error {
	if errs := l.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

// Sorted is the list by file and place, each problem once.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(
			strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(sorted)
}
