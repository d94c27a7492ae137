package cli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// table prints rows: aligned and with a heading for a person, else plain lines
// with a tab between fields.
func (s *State) table(heading []string, rows [][]string) {
	if !s.StdoutTTY {
		for _, r := range rows {
			fmt.Fprintln(s.Stdout, strings.Join(r, "\t"))
		}
		return
	}
	lines := append([][]string{strings.Split(strings.ToUpper(strings.Join(heading, "\t")), "\t")}, rows...)
	widths := make([]int, len(heading))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		fmt.Fprintln(s.Stdout, strings.TrimRight(b.String(), " "))
	}
}

// columns is how wide a text is on a terminal, colours left out.
func columns(text string) int {
	return utf8.RuneCountInString(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, ""))
}
