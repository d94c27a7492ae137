package text

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

type sorter struct {
	numeric, human, reverse, unique, foldCase bool
	separator                                 string
	field                                     int
}

// Sort sorts lines.
func Sort(_ context.Context, p *applet.Process) error {
	var s sorter
	set := opt.New("[-nhruf] [-t SEP] [-k FIELD] [FILE...]", "Sort lines.")
	set.Bool(&s.numeric, 'n', "numeric-sort", "compare numbers")
	set.Bool(&s.human, 'h', "human-numeric-sort", "compare sizes such as 2K and 1G")
	set.Bool(&s.reverse, 'r', "reverse", "largest first")
	set.Bool(&s.unique, 'u', "unique", "equal lines once")
	set.Bool(&s.foldCase, 'f', "ignore-case", "ignore case")
	set.String(&s.separator, 't', "field-separator", "what separates fields (default: blanks)")
	set.Func(s.parseKey, 'k', "key", "compare from this field on, counted from 1 (2n and 2,2 are understood)")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	var lines []string
	err = p.EachInput(files, func(_ string, r io.Reader) error {
		return applet.EachLine(r, func(line string) bool { lines = append(lines, line); return true })
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(lines, s.compare)
	if s.unique {
		lines = slices.CompactFunc(lines, func(a, b string) bool { return s.compareKeys(a, b) == 0 })
	}
	w := bufio.NewWriter(p.Stdout)
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}

func (s *sorter) parseKey(v string) (err error) {
	v, _, _ = strings.Cut(v, ",")
	for strings.HasSuffix(v, "n") || strings.HasSuffix(v, "r") {
		s.numeric = s.numeric || strings.HasSuffix(v, "n")
		s.reverse = s.reverse || strings.HasSuffix(v, "r")
		v = v[:len(v)-1]
	}
	s.field, err = strconv.Atoi(v)
	return err
}

func (s *sorter) compare(a, b string) int {
	order := s.compareKeys(a, b)
	if order == 0 && !s.unique {
		order = strings.Compare(a, b)
	}
	if s.reverse {
		return -order
	}
	return order
}

func (s *sorter) compareKeys(a, b string) int {
	a, b = s.key(a), s.key(b)
	switch {
	case s.numeric:
		return cmp.Compare(leadingNumber(a), leadingNumber(b))
	case s.human:
		return cmp.Compare(humanNumber(a), humanNumber(b))
	case s.foldCase:
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	return strings.Compare(a, b)
}

func (s *sorter) key(line string) string {
	if s.field <= 1 {
		return line
	}
	var fields []string
	if s.separator == "" {
		fields = strings.Fields(line)
	} else {
		fields = strings.Split(line, s.separator)
	}
	if s.field > len(fields) {
		return ""
	}
	return strings.Join(fields[s.field-1:], " ")
}

func leadingNumber(text string) float64 {
	text = strings.TrimSpace(text)
	end := 0
	for end < len(text) && strings.IndexByte("+-.0123456789", text[end]) >= 0 {
		end++
	}
	n, _ := strconv.ParseFloat(text[:end], 64) // what is no number counts as 0
	return n
}

func humanNumber(text string) float64 {
	field, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	field, _, _ = strings.Cut(field, "\t")
	n := leadingNumber(field)
	if field != "" {
		if power := strings.IndexByte("KMGTP", field[len(field)-1]); power >= 0 {
			for range power + 1 {
				n *= 1024
			}
		}
	}
	return n
}

// Uniq drops repeated adjacent lines.
func Uniq(_ context.Context, p *applet.Process) error {
	var count, repeated, single bool
	set := opt.New("[-cdu] [FILE]", "Drop lines equal to the one before.")
	set.Bool(&count, 'c', "count", "show how often each came")
	set.Bool(&repeated, 'd', "repeated", "only lines that came more than once")
	set.Bool(&single, 'u', "unique", "only lines that came once")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	n, last := 0, ""
	flush := func() {
		switch {
		case n == 0 || repeated && n == 1 || single && n > 1:
		case count:
			fmt.Fprintf(p.Stdout, "%7d %s\n", n, last)
		default:
			fmt.Fprintln(p.Stdout, last)
		}
	}
	err = p.EachInput(files, func(_ string, r io.Reader) error {
		return applet.EachLine(r, func(line string) bool {
			if n > 0 && line != last {
				flush()
				n = 0
			}
			last, n = line, n+1
			return true
		})
	})
	flush()
	return err
}
