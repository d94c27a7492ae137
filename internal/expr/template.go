package expr

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Template is text with expressions in double braces: "{{ self.failed }} of
// {{ self.total }} requests failed".
type Template struct{ parts []part }

type part struct {
	text    string
	program *Program // nil for plain text
}

// Template compiles such a text. The error is a *CompileError whose positions
// are those of the whole text.
func (e *Env) Template(text string) (*Template, error) {
	t := &Template{}
	failed := &CompileError{Text: text}
	rest, offset := text, 0
	for {
		open := strings.Index(rest, "{{")
		if open < 0 {
			t.parts = append(t.parts, part{text: rest})
			break
		}
		length := strings.Index(rest[open:], "}}")
		if length < 0 {
			failed.add(text, offset+open, Issue{1, 1, "{{ is not closed by }}"})
			break
		}
		inner := rest[open+2 : open+length]
		program, err := e.Compile(inner)
		var invalid *CompileError
		if errors.As(err, &invalid) {
			for _, issue := range invalid.Issues {
				failed.add(text, offset+open+2, issue)
			}
		} else if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part{text: rest[:open]}, part{program: program})
		offset += open + length + 2
		rest = text[offset:]
	}
	if len(failed.Issues) > 0 {
		return nil, failed
	}
	return t, nil
}

// add moves an issue of a part to its place in the whole text.
func (e *CompileError) add(whole string, offset int, issue Issue) {
	before := whole[:offset]
	if issue.Line == 1 {
		lineStart := strings.LastIndexByte(before, '\n') + 1
		issue.Column += len([]rune(before[lineStart:]))
	}
	issue.Line += strings.Count(before, "\n")
	e.Issues = append(e.Issues, issue)
}

// Render fills the expressions in. Strings are shown as they are, but quoted where
// something in them would not be seen, other values as JSON, and what is not there as "(not set)". The error is that of Eval.
func (t *Template) Render(ctx context.Context, vars Vars) (string, error) {
	var out strings.Builder
	for _, part := range t.parts {
		out.WriteString(part.text)
		if part.program == nil {
			continue
		}
		v, err := part.program.Eval(ctx, vars)
		var missing *MissingError
		switch {
		case errors.As(err, &missing):
			out.WriteString("(not set)")
		case err != nil:
			return "", err
		default:
			out.WriteString(visible(Text(v)))
		}
	}
	return out.String(), nil
}

// visible quotes text that begins or ends with white space, or has characters that
// do not print: nobody could tell it from the same text without.
func visible(text string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if text == strings.TrimSpace(text) && utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) {
		return text
	}
	return strconv.Quote(text)
}
