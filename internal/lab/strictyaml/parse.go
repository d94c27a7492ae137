// Package strictyaml reads the small part of YAML that people write by hand
// into Go structs. It knows the place of every value, reports all that is wrong
// at once, and never guesses: no anchors, tags, merge keys or second documents.
package strictyaml

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"labctl.dev/labctl/internal/lab/problem"
)

// The rules this package reports.
const (
	RuleEncoding  = "file-encoding"
	RuleSize      = "file-size"
	RuleSyntax    = "yaml-syntax"
	RuleFeature   = "yaml-feature"
	RuleDuplicate = "duplicate-key"
	RuleUnknown   = "unknown-key"
	RuleMissing   = "missing-key"
	RuleType      = "wrong-type"
	RuleValue     = "bad-value"
	RuleOneOf     = "exactly-one"
	RuleReference = "unknown-reference"
)

// Position is a place in a file, counted from 1 in lines and characters.
type Position struct{ Line, Column int }

// Document is a parsed file.
type Document struct {
	// File is the path that problems name.
	File string

	lines [][]rune
	root  ast.Node
	nodes map[string]ast.Node // values by path: tasks[0].checks[1].that
	keys  map[string]ast.Node // their keys, by the same paths
}

// Parse reads a file's bytes. The document is nil when they are not YAML.
func Parse(file string, data []byte) (*Document, problem.List) {
	if problems := checkText(file, data); len(problems) > 0 {
		return nil, problems
	}
	d := &Document{File: file, lines: splitLines(data), nodes: map[string]ast.Node{}, keys: map[string]ast.Node{}}
	parsed, err := parse(data)
	if err != nil {
		return nil, problem.List{d.syntaxProblem(err)}
	}
	var problems problem.List
	for i, doc := range parsed.Docs {
		switch {
		case doc.Body == nil:
		case doc.Body.Type() == ast.DirectiveType:
			problems = append(problems, d.feature(doc.Body, "a %YAML or %TAG directive", "remove the line"))
		case d.root == nil:
			d.root = doc.Body
		default:
			problems = append(problems, d.feature(parsed.Docs[i].Body, "a second document (after ---)", "keep one document in the file"))
		}
	}
	if d.root == nil {
		return nil, append(problems, d.problem(Position{1, 1}, RuleSyntax, "the file is empty", ""))
	}
	problems = append(problems, d.plainOnly(d.root)...)
	problems = append(problems, d.index("", d.root)...)
	return d, problems
}

// parse guards against a parser that panics on what people mistype.
func parse(data []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", r)
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

func (d *Document) syntaxProblem(err error) problem.Problem {
	at, message := Position{1, 1}, err.Error()
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		message = syntax.Message
		if syntax.Token != nil && syntax.Token.Position != nil {
			at = clamp(syntax.Token.Position)
		}
	}
	return d.problem(at, RuleSyntax, message, "")
}

func clamp(p *token.Position) Position { return Position{max(p.Line, 1), max(p.Column, 1)} }

func (d *Document) problem(at Position, rule, message, suggestion string) problem.Problem {
	return problem.Problem{
		File: d.File, Line: at.Line, Column: at.Column,
		Rule: rule, Severity: problem.Error, Message: message, Suggestion: suggestion,
	}
}

func (d *Document) feature(n ast.Node, what, suggestion string) problem.Problem {
	return d.problem(start(n), RuleFeature, what+" is not allowed here", suggestion)
}

// plainOnly reports what makes YAML hard to read and to bound.
func (d *Document) plainOnly(root ast.Node) problem.List {
	var problems problem.List
	ast.Walk(visitor(func(n ast.Node) {
		switch n.Type() {
		case ast.AnchorType, ast.AliasType:
			problems = append(problems, d.feature(n, "an anchor or alias", "write the value out where it is used"))
		case ast.MergeKeyType:
			problems = append(problems, d.feature(n, "a merge key (<<)", "write the keys out"))
		case ast.TagType:
			problems = append(problems, d.feature(n, "a tag (!…)", "quote the value if it starts with !"))
		case ast.MappingKeyType:
			problems = append(problems, d.feature(n, "a complex key (?)", "write key: value"))
		}
	}), root)
	return problems
}

type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}
