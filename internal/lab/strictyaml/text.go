package strictyaml

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"labctl.dev/labctl/internal/lab/problem"
)

// MaxSize and maxLines bound the files that Parse reads, in bytes and lines:
// the parser takes a time that grows with the square of the lines.
const (
	MaxSize  = 256 << 10
	maxLines = 5000
)

// maxDepth bounds how deep lists and maps may nest, by a rough count of the
// brackets not closed and of the dashes that start a line.
const maxDepth = 100

// checkText refuses what is not plain text before the parser sees it.
func checkText(file string, data []byte) problem.List {
	refuse := refusal(file, data)
	if len(data) > MaxSize {
		return refuse(0, RuleSize, fmt.Sprintf("the file has more than %d KiB", MaxSize>>10), "move long texts into files of their own")
	}
	if n := bytes.Count(data, []byte("\n")); n > maxLines {
		return refuse(0, RuleSize, fmt.Sprintf("the file has %d lines, at most %d are read", n, maxLines), "move long texts into files of their own")
	}
	if problems := CheckEncoding(file, data); len(problems) > 0 {
		return problems
	}
	if i := tooDeep(data); i >= 0 {
		return refuse(i, RuleSize, fmt.Sprintf("more than %d lists or maps within each other", maxDepth), "")
	}
	return nil
}

// CheckEncoding asks of any text file to be UTF-8 with Unix line ends.
func CheckEncoding(file string, data []byte) problem.List {
	refuse := refusal(file, data)
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return refuse(0, RuleEncoding, "the file begins with a byte order mark", "save it as UTF-8 without BOM")
	}
	if i := bytes.IndexByte(data, '\r'); i >= 0 {
		return refuse(i, RuleEncoding, "the file has Windows line ends (CR LF)", "convert it: sed -i 's/\\r$//' "+file)
	}
	if i := firstUnprintable(data); i >= 0 {
		return refuse(i, RuleEncoding, fmt.Sprintf("the byte 0x%02x here is not text", data[i]), "save the file as UTF-8")
	}
	return nil
}

// refusal makes the problem with a place in a file.
func refusal(file string, data []byte) func(offset int, rule, message, suggestion string) problem.List {
	return func(offset int, rule, message, suggestion string) problem.List {
		at := place(data, offset)
		return problem.List{{
			File: file, Line: at.Line, Column: at.Column, Rule: rule,
			Severity: problem.Error, Message: message, Suggestion: suggestion,
		}}
	}
}

func firstUnprintable(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return i
		}
		i += size
	}
	return -1
}

// tooDeep returns the offset where the nesting exceeds maxDepth, or -1. It does
// not know of quotes: it only keeps the parser's recursion within bounds.
func tooDeep(data []byte) int {
	open, dashes, lineStart := 0, 0, true
	for i, c := range data {
		switch c {
		case '[', '{':
			open++
		case ']', '}':
			open = max(open-1, 0)
		case '-', '?', '!', '&', ':':
			if lineStart {
				dashes++
			}
		case '\n':
			dashes, lineStart = 0, true
			continue
		}
		if !strings.ContainsRune(" -?!&:", rune(c)) {
			lineStart = false
		}
		if open > maxDepth || lineStart && dashes > maxDepth {
			return i
		}
	}
	return -1
}

func place(data []byte, offset int) Position {
	before := data[:offset]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return Position{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[lineStart:]) + 1}
}

func splitLines(data []byte) [][]rune {
	var lines [][]rune
	for line := range strings.SplitSeq(string(data), "\n") {
		lines = append(lines, []rune(line))
	}
	return lines
}
