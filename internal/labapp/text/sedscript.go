package text

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

type sedAddress struct {
	line int
	last bool
	re   *regexp.Regexp
}

func (a *sedAddress) matches(number int, text string, last bool) bool {
	switch {
	case a.re != nil:
		return a.re.MatchString(text)
	case a.last:
		return last
	}
	return a.line == number
}

type sedCommand struct {
	from, to    *sedAddress
	negate      bool
	inRange     bool // between from and to
	verb        byte
	re          *regexp.Regexp
	replacement string
	global      bool
	print       bool
}

func (c *sedCommand) applies(number int, text string, last bool) bool {
	return c.selected(number, text, last) != c.negate
}

func (c *sedCommand) selected(number int, text string, last bool) bool {
	switch {
	case c.from == nil:
		return true
	case c.to == nil:
		return c.from.matches(number, text, last)
	case c.inRange:
		c.inRange = !c.to.matches(number, text, last) && (c.to.line == 0 || number < c.to.line)
		return true
	case c.from.matches(number, text, last):
		c.inRange = c.to.line == 0 || c.to.line > number
		return true
	}
	return false
}

func (c *sedCommand) substitute(text string) (string, bool) {
	if !c.re.MatchString(text) {
		return text, false
	}
	if c.global {
		return c.re.ReplaceAllString(text, c.replacement), true
	}
	at := c.re.FindStringSubmatchIndex(text)
	return text[:at[0]] + string(c.re.ExpandString(nil, c.replacement, text, at)) + text[at[1]:], true
}

// sedParser reads a script from left to right.
type sedParser struct {
	rest     string
	extended bool
}

func parseSed(script string, extended bool) ([]*sedCommand, error) {
	p := &sedParser{script, extended}
	var commands []*sedCommand
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\n;")
		if p.rest == "" {
			return commands, nil
		}
		c, err := p.command()
		if err != nil {
			return nil, fmt.Errorf("script %q: %w", script, err)
		}
		commands = append(commands, c)
	}
}

func (p *sedParser) command() (*sedCommand, error) {
	c := &sedCommand{}
	var err error
	if c.from, err = p.address(); err != nil {
		return nil, err
	}
	if c.from != nil && strings.HasPrefix(p.rest, ",") {
		p.rest = p.rest[1:]
		if c.to, err = p.address(); err != nil {
			return nil, err
		}
		if c.to == nil {
			return nil, fmt.Errorf("want an address after the comma")
		}
	}
	p.rest = strings.TrimLeft(p.rest, " ")
	if strings.HasPrefix(p.rest, "!") {
		c.negate, p.rest = true, p.rest[1:]
	}
	if p.rest == "" {
		return nil, fmt.Errorf("missing command")
	}
	c.verb, p.rest = p.rest[0], p.rest[1:]
	switch c.verb {
	case 'd', 'p', 'q':
		return c, nil
	case 's':
		return c, p.substitution(c)
	}
	return nil, fmt.Errorf("command %q is not supported (only s, d, p, q are)", c.verb)
}

func (p *sedParser) address() (*sedAddress, error) {
	switch {
	case strings.HasPrefix(p.rest, "$"):
		p.rest = p.rest[1:]
		return &sedAddress{last: true}, nil
	case strings.HasPrefix(p.rest, "/"):
		p.rest = p.rest[1:]
		text, err := p.until('/')
		if err != nil {
			return nil, err
		}
		re, err := p.compile(text, "")
		return &sedAddress{re: re}, err
	}
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	if digits == 0 {
		return nil, nil
	}
	line, err := strconv.Atoi(p.rest[:digits])
	p.rest = p.rest[digits:]
	return &sedAddress{line: line}, err
}

func (p *sedParser) substitution(c *sedCommand) error {
	if p.rest == "" {
		return fmt.Errorf("unfinished s command")
	}
	delimiter := p.rest[0]
	p.rest = p.rest[1:]
	pattern, err := p.until(delimiter)
	if err != nil {
		return err
	}
	replacement, err := p.until(delimiter)
	if err != nil {
		return err
	}
	flags := ""
	for p.rest != "" && !strings.ContainsAny(p.rest[:1], "; \n}") {
		switch p.rest[0] {
		case 'g':
			c.global = true
		case 'p':
			c.print = true
		case 'i', 'I':
			flags = "(?i)"
		default:
			return fmt.Errorf("flag %q of s is not supported (only g, i, p are)", p.rest[0])
		}
		p.rest = p.rest[1:]
	}
	c.replacement = goReplacement(replacement)
	c.re, err = p.compile(pattern, flags)
	return err
}

// until returns the text before the next unescaped delimiter.
func (p *sedParser) until(delimiter byte) (string, error) {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == delimiter:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			i++
			if p.rest[i] != delimiter {
				b.WriteByte('\\')
			}
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("missing %q", delimiter)
}

func (p *sedParser) compile(pattern, flags string) (*regexp.Regexp, error) {
	if !p.extended {
		pattern = basicToExtended(pattern)
	}
	return regexp.Compile(flags + pattern)
}

// goReplacement turns & and \1 into Go's ${0} and ${1}.
func goReplacement(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '&':
			b.WriteString("${0}")
		case c == '$':
			b.WriteString("$$")
		case c == '\\' && i+1 < len(text):
			i++
			switch next := text[i]; {
			case next >= '0' && next <= '9':
				b.WriteString("${" + string(next) + "}")
			case next == 'n':
				b.WriteByte('\n')
			case next == 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(next)
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
