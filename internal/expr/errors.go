package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
)

// CompileError says what is wrong with an expression's text.
type CompileError struct {
	Text   string
	Issues []Issue // at least one, in the order of the text
}

// Issue is one thing wrong. Line and Column count from 1, in characters.
type Issue struct {
	Line, Column int
	Message      string
}

func (e *CompileError) Error() string {
	lines := make([]string, len(e.Issues))
	for i, issue := range e.Issues {
		lines[i] = fmt.Sprintf("%d:%d: %s", issue.Line, issue.Column, issue.Message)
	}
	return strings.Join(lines, "\n")
}

func compileError(text string, issues *cel.Issues) *CompileError {
	e := &CompileError{Text: text}
	for _, err := range issues.Errors() {
		e.Issues = append(e.Issues, Issue{
			Line:    max(err.Location.Line(), 1),
			Column:  max(err.Location.Column()+1, 1),
			Message: plain(err.Message),
		})
	}
	return e
}

// plain puts cel's words into those of a person who writes a lab.
func plain(message string) string {
	if rest, ok := strings.CutPrefix(message, "undeclared reference to '"); ok {
		name, _, _ := strings.Cut(rest, "'")
		return fmt.Sprintf("there is no variable or function %q here; the variables are %s",
			name, strings.Join(names(), ", "))
	}
	message = strings.TrimPrefix(message, "Syntax error: ")
	message, _, _ = strings.Cut(message, " expecting {")
	return message
}

// MissingError says that an expression read something that is not there: a
// field that is not set, or an item beyond the end of a list. For the object of
// a learner that is a finding, not a fault.
type MissingError struct {
	Path string // as written in the expression: self.spec.replicas
	Key  string // replicas
}

func (e *MissingError) Error() string { return Display(e.Path) + " is not set" }

// Faults of an expression that no value of the learner's can bring about.
var (
	// ErrCost: it was stopped, as it takes too much work.
	ErrCost = errors.New("it takes too much work")
	// ErrNotBool: a condition came out as something else.
	ErrNotBool = errors.New("it is neither true nor false")
)

// ErrType says that a value was of a type that the expression does not take, as a word
// where it asks for a number. Like what is missing, that is a finding.
var ErrType = errors.New("an operation got a value of a type it does not take (null, or text for a number)")

// EvalError says that an expression could not be evaluated.
type EvalError struct {
	Text   string
	Line   int // 0 when unknown
	Column int
	Err    error
}

func (e *EvalError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("evaluate %q: %v", e.Text, e.Err)
	}
	return fmt.Sprintf("evaluate %q: %d:%d: %v", e.Text, e.Line, e.Column, e.Err)
}

func (e *EvalError) Unwrap() error { return e.Err }
