package strictyaml

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"labctl.dev/labctl/internal/lab/problem"
)

// index notes the place of every value, and reports keys that occur twice.
func (d *Document) index(path string, n ast.Node) problem.List {
	var problems problem.List
	d.nodes[path] = n
	if list, ok := n.(*ast.SequenceNode); ok {
		for i, item := range list.Values {
			problems = append(problems, d.index(path+"["+strconv.Itoa(i)+"]", item)...)
		}
	}
	seen := map[string]bool{}
	for _, pair := range pairs(n) {
		key := keyText(pair.Key)
		child := join(path, key)
		if seen[key] {
			first := start(d.keys[child])
			problems = append(problems, d.problem(start(pair.Key), RuleDuplicate,
				"the key "+strconv.Quote(key)+" is already on line "+strconv.Itoa(first.Line), "keep one of the two"))
			continue
		}
		seen[key] = true
		d.keys[child] = pair.Key
		problems = append(problems, d.index(child, pair.Value)...)
	}
	return problems
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// pairs are the entries of a map; none for anything else.
func pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func keyText(key ast.MapKeyNode) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	return key.GetToken().Value
}

// start is where a value begins.
func start(n ast.Node) Position {
	if p := pairs(n); len(p) > 0 && !isFlow(n) {
		n = p[0].Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return clamp(t.Position)
	}
	return Position{1, 1}
}

func isFlow(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

// At is where the value of a path such as tasks[0].hints[1] begins; where there
// is none, its nearest ancestor's key.
func (d *Document) At(path string) Position {
	if n, ok := d.nodes[path]; ok {
		if key, ok := d.keys[path]; ok && n.Type() == ast.NullType {
			return start(key)
		}
		return start(n)
	}
	return d.KeyAt(parent(path))
}

// KeyAt is where the key of a path stands; for an item of a list, the item.
func (d *Document) KeyAt(path string) Position {
	if key, ok := d.keys[path]; ok {
		return start(key)
	}
	if path == "" {
		return start(d.root)
	}
	return d.At(path)
}

// Has tells if the document has a value at a path.
func (d *Document) Has(path string) bool {
	_, ok := d.nodes[path]
	return ok
}

func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// Within is the place of a character of a string value, given by its line and
// column in the decoded text. Quotes, escapes, indentation and folded lines are
// allowed for.
func (d *Document) Within(path string, line, column int) Position {
	n := d.nodes[path]
	at := d.At(path)
	if literal, ok := n.(*ast.LiteralNode); ok {
		return d.align(Position{at.Line + 1, 1}, literal.Value.Value, line, column)
	}
	if text, ok := n.(*ast.StringNode); ok {
		return d.align(at, text.Value, line, column)
	}
	return at
}

// align walks through a decoded text and its source at once: a blank of the
// text stands for any blanks of the source, any other character for the next
// equal one. It stops at the wanted line and column of the text.
func (d *Document) align(at Position, text string, line, column int) Position {
	s := cursor{lines: d.lines, at: at}
	textLine, textColumn := 1, 1
	for _, r := range text {
		blank := unicode.IsSpace(r)
		found := !blank && s.seek(r)
		if textLine > line || textLine == line && textColumn >= column {
			break
		}
		if found {
			s.at.Column++
		}
		textColumn++
		if r == '\n' {
			textLine, textColumn = textLine+1, 1
		}
	}
	return s.at
}

// maxSkip is how much of the source may stand between two characters of a
// text: indentation, escapes, empty lines.
const maxSkip = 400

type cursor struct {
	lines [][]rune
	at    Position
}

// seek moves to the next occurrence of a character; it stays when there is none
// near.
func (c *cursor) seek(r rune) bool {
	at := c.at
	for range maxSkip {
		switch {
		case at.Line > len(c.lines):
			return false
		case at.Column > len(c.lines[at.Line-1]):
			at = Position{at.Line + 1, 1}
		case c.lines[at.Line-1][at.Column-1] == r:
			c.at = at
			return true
		default:
			at.Column++
		}
	}
	return false
}
