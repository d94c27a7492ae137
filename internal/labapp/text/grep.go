package text

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

type grepper struct {
	*applet.Process
	re                                                     *regexp.Regexp
	patterns                                               []string
	ignoreCase, invert, number, recurse, fixed, word, line bool
	quiet, count, filesOnly, onlyMatch, noName, withName   bool
	extended                                               bool
	max                                                    int
	matched                                                bool
}

func (g *grepper) options() *opt.Set {
	set := opt.New("[OPTIONS] PATTERN [FILE...]", "Print the lines that match a regular expression (RE2 syntax).")
	set.Strings(&g.patterns, 'e', "regexp", "the pattern; may be given several times")
	set.Bool(&g.ignoreCase, 'i', "ignore-case", "ignore case")
	set.Bool(&g.invert, 'v', "invert-match", "lines that do not match")
	set.Bool(&g.number, 'n', "line-number", "show line numbers")
	set.Bool(&g.recurse, 'r', "recursive", "search directories")
	set.Bool(&g.recurse, 'R', "", "the same")
	set.Bool(&g.fixed, 'F', "fixed-strings", "the pattern is plain text")
	set.Bool(&g.extended, 'E', "extended-regexp", "( ) { } + ? | are operators without a backslash")
	set.Bool(&g.word, 'w', "word-regexp", "match whole words")
	set.Bool(&g.line, 'x', "line-regexp", "match whole lines")
	set.Bool(&g.quiet, 'q', "quiet", "print nothing; the exit code tells")
	set.Bool(&g.count, 'c', "count", "print only how many lines match")
	set.Bool(&g.filesOnly, 'l', "files-with-matches", "print only the names of files that match")
	set.Bool(&g.onlyMatch, 'o', "only-matching", "print only the part that matches")
	set.Bool(&g.noName, 'h', "no-filename", "do not show file names")
	set.Bool(&g.withName, 'H', "with-filename", "show file names")
	set.Int(&g.max, 'm', "max-count", "stop after this many lines of a file (0: all)")
	set.Notes = "Exit code: 0 a line matched, 1 none did, 2 an error.\nNot supported: back-references, look-around, -A, -B, -C."
	return set
}

// Grep prints the lines that match.
func Grep(_ context.Context, p *applet.Process) error {
	g := &grepper{Process: p}
	files, err := p.Parse(g.options())
	if err != nil {
		return err
	}
	if len(g.patterns) == 0 {
		if len(files) == 0 {
			return applet.Usagef("missing PATTERN")
		}
		g.patterns, files = files[:1], files[1:]
	}
	if g.re, err = g.compile(); err != nil {
		return &applet.UsageError{Err: err}
	}
	if g.recurse && len(files) == 0 {
		files = []string{"."}
	}
	if g.recurse {
		files = g.expand(files)
		g.withName = !g.noName
	}
	g.withName = (g.withName || len(files) > 1) && !g.noName
	if err := p.EachInput(files, g.search); err != nil {
		if g.quiet && g.matched {
			return nil
		}
		return applet.Exit(2)
	}
	if !g.matched {
		return applet.Exit(1)
	}
	return nil
}

func (g *grepper) compile() (*regexp.Regexp, error) {
	var parts []string
	for _, pattern := range g.patterns {
		switch {
		case g.fixed:
			pattern = regexp.QuoteMeta(pattern)
		case !g.extended:
			pattern = basicToExtended(pattern)
		}
		parts = append(parts, "(?:"+pattern+")")
	}
	expression := strings.Join(parts, "|")
	if g.word {
		expression = `\b(?:` + expression + `)\b`
	}
	if g.line {
		expression = `^(?:` + expression + `)$`
	}
	if g.ignoreCase {
		expression = "(?i)" + expression
	}
	return regexp.Compile(expression)
}

// basicToExtended swaps the meaning of \( and (, as basic regular expressions
// have it; \| \+ \? are operators in both spellings GNU grep accepts.
func basicToExtended(pattern string) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case inClass:
			inClass = c != ']'
			b.WriteByte(c)
		case c == '[':
			inClass = true
			b.WriteByte(c)
			if i+1 < len(pattern) && pattern[i+1] == ']' {
				i++
				b.WriteString(`\]`)
			}
		case c == '\\' && i+1 < len(pattern):
			i++
			if !strings.ContainsRune("(){}+?|", rune(pattern[i])) {
				b.WriteByte('\\')
			}
			b.WriteByte(pattern[i])
		case strings.ContainsRune("(){}+?|", rune(c)):
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// expand replaces directories by the files below them.
func (g *grepper) expand(names []string) []string {
	var files []string
	for _, name := range names {
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			g.Errorf("%v", err)
		}
	}
	return files
}

func (g *grepper) search(name string, r io.Reader) error {
	if name == "-" {
		name = "(standard input)"
	}
	prefix := ""
	if g.withName {
		prefix = name + ":"
	}
	number, hits := 0, 0
	err := applet.EachLine(r, func(line string) bool {
		number++
		if g.re.MatchString(line) == g.invert {
			return true
		}
		hits++
		g.matched = true
		if g.quiet || g.filesOnly {
			return false
		}
		if !g.count {
			g.print(prefix, number, line)
		}
		return g.max == 0 || hits < g.max
	})
	switch {
	case g.quiet:
	case g.filesOnly && hits > 0:
		fmt.Fprintln(g.Stdout, name)
	case g.count:
		fmt.Fprintf(g.Stdout, "%s%d\n", prefix, hits)
	}
	return err
}

func (g *grepper) print(prefix string, number int, line string) {
	if g.number {
		prefix += fmt.Sprintf("%d:", number)
	}
	if !g.onlyMatch || g.invert {
		fmt.Fprintln(g.Stdout, prefix+line)
		return
	}
	for _, match := range g.re.FindAllString(line, -1) {
		fmt.Fprintln(g.Stdout, prefix+match)
	}
}
