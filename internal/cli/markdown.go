package cli

import (
	"regexp"
	"strings"
)

// markdown renders the Markdown of tasks and hints for a terminal. A pipe gets
// it as it is. It knows what lab authors use: headings, paragraphs, lists,
// code, bold, italics and links.
func (s *State) markdown(text string) string {
	if !s.StdoutTTY {
		return strings.TrimRight(text, "\n") + "\n"
	}
	r := &renderer{style: s.out(), width: min(s.Width, 100)}
	for line := range strings.Lines(text) {
		r.line(strings.TrimRight(line, "\r\n"))
	}
	r.flush()
	return strings.TrimRight(r.out.String(), "\n") + "\n"
}

// unbroken stands for a space at which a line is not to be broken.
const unbroken = "\x00"

// renderer collects the lines of a paragraph, to wrap them anew.
type renderer struct {
	style     style
	width     int
	out       strings.Builder
	paragraph []string
	indent    string // of the paragraph's further lines
	fenced    bool
	blank     bool
}

func (r *renderer) line(line string) {
	trimmed := strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(trimmed, "```"):
		r.flush()
		r.fenced = !r.fenced
	case r.fenced || strings.HasPrefix(line, "    ") && len(r.paragraph) == 0:
		r.code(line)
	case trimmed == "":
		r.flush()
		r.newline()
	case strings.HasPrefix(line, "#"):
		r.flush()
		r.print(r.style.bold(strings.TrimLeft(line, "# ")))
	case strings.HasPrefix(trimmed, "|"):
		r.flush()
		r.print(r.inline(line))
	case bullet(trimmed) != "":
		r.flush()
		r.indent = strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))+len(bullet(trimmed)))
		r.paragraph = []string{line}
	default:
		r.paragraph = append(r.paragraph, trimmed)
	}
}

// bullet is the mark that begins a list's item, with the space after it.
func bullet(line string) string {
	if strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") {
		return line[:2]
	}
	digits := strings.TrimLeft(line, "0123456789")
	if n := len(line) - len(digits); n > 0 && strings.HasPrefix(digits, ". ") {
		return line[:n+2]
	}
	return ""
}

func (r *renderer) code(line string) {
	if !r.fenced {
		line = line[2:]
	} else {
		line = "  " + line
	}
	r.out.WriteString(r.style.cyan(line) + "\n")
	r.blank = false
}

// flush prints the paragraph.
func (r *renderer) flush() {
	if len(r.paragraph) == 0 {
		return
	}
	lead := r.paragraph[0][:len(r.paragraph[0])-len(strings.TrimLeft(r.paragraph[0], " "))]
	code := regexp.MustCompile("`[^`]+`")
	text := code.ReplaceAllStringFunc(strings.Join(r.paragraph, " "), func(t string) string {
		return strings.ReplaceAll(t, " ", unbroken)
	})
	text = wrapText(text, r.width-len(r.indent), "")
	for i, line := range strings.Split(strings.ReplaceAll(text, unbroken, " "), "\n") {
		if i == 0 {
			line = lead + line
		} else {
			line = r.indent + line
		}
		r.print(line)
	}
	r.paragraph, r.indent = nil, ""
}

func (r *renderer) print(line string) {
	r.out.WriteString(r.inline(line) + "\n")
	r.blank = false
}

func (r *renderer) newline() {
	if !r.blank && r.out.Len() > 0 {
		r.out.WriteString("\n")
		r.blank = true
	}
}

// inline renders what stands within a line. Marks that a line break has torn
// apart stay as they are.
func (r *renderer) inline(text string) string {
	for _, m := range []struct {
		pattern string
		style   func(string) string
	}{
		{"`([^`]+)`", r.style.cyan},
		{`\*\*([^*]+)\*\*`, r.style.bold},
		{`\*([^*\s][^*]*)\*`, r.style.bold},
		{`\[([^\]]+)\]\([^)]+\)`, func(t string) string { return t }},
	} {
		re := regexp.MustCompile(m.pattern)
		text = re.ReplaceAllStringFunc(text, func(found string) string {
			return m.style(re.FindStringSubmatch(found)[1])
		})
	}
	return text
}
