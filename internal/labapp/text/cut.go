package text

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Cut prints chosen fields or characters of each line.
func Cut(_ context.Context, p *applet.Process) error {
	var fields, chars string
	delimiter := "\t"
	onlyDelimited := false
	set := opt.New("-f LIST [-d CHAR] [-s] | -c LIST  [FILE...]", "Print chosen fields or characters of each line. LIST: 1,3-5,7-")
	set.String(&fields, 'f', "fields", "which fields")
	set.String(&delimiter, 'd', "delimiter", "what separates fields (default: tab)")
	set.Bool(&onlyDelimited, 's', "only-delimited", "skip lines without the delimiter")
	set.String(&chars, 'c', "characters", "which characters")
	set.String(&chars, 'b', "bytes", "the same")
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	if (fields == "") == (chars == "") {
		return applet.Usagef("want one of -f LIST and -c LIST")
	}
	list, err := parseList(fields + chars)
	if err != nil {
		return &applet.UsageError{Err: err}
	}
	if chars != "" {
		delimiter = ""
	}
	return p.EachInput(files, func(_ string, r io.Reader) error {
		return applet.EachLine(r, func(line string) bool {
			switch {
			case strings.Contains(line, delimiter):
				fmt.Fprintln(p.Stdout, strings.Join(list.pick(strings.Split(line, delimiter)), delimiter))
			case !onlyDelimited:
				fmt.Fprintln(p.Stdout, line)
			}
			return true
		})
	})
}

// ranges are the inclusive, 1-based ranges of a LIST.
type ranges [][2]int

func parseList(text string) (ranges, error) {
	var list ranges
	for _, part := range strings.Split(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		low, high := 1, 1<<30
		var err error
		if from != "" {
			low, err = strconv.Atoi(from)
		}
		if err == nil && to != "" {
			high, err = strconv.Atoi(to)
		}
		if !isRange {
			high = low
		}
		if err != nil || low < 1 || high < low || part == "" || part == "-" {
			return nil, fmt.Errorf("bad list %q: want something like 1,3-5", text)
		}
		list = append(list, [2]int{low, high})
	}
	return list, nil
}

func (l ranges) pick(parts []string) []string {
	var out []string
	for i, part := range parts {
		for _, r := range l {
			if i+1 >= r[0] && i+1 <= r[1] {
				out = append(out, part)
				break
			}
		}
	}
	return out
}
