package text

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Tr translates or deletes characters.
func Tr(_ context.Context, p *applet.Process) error {
	var remove, squeeze, complement bool
	set := opt.New("[-dsc] SET1 [SET2]", "Translate characters of SET1 into those of SET2. Sets: a-z, \\n, [:space:] and the like.")
	set.Bool(&remove, 'd', "delete", "delete the characters of SET1")
	set.Bool(&squeeze, 's', "squeeze-repeats", "repeated characters once")
	set.Bool(&complement, 'c', "complement", "all characters but those of SET1")
	sets, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(sets) == 0 || len(sets) == 1 && !remove && !squeeze {
		return applet.Usagef("missing operand")
	}
	t := translator{remove: remove, squeeze: squeeze, complement: complement}
	if t.from, err = characters(sets[0]); err != nil {
		return &applet.UsageError{Err: err}
	}
	if len(sets) > 1 {
		if t.to, err = characters(sets[1]); err != nil {
			return &applet.UsageError{Err: err}
		}
	}
	return t.run(p.Stdin, p.Stdout)
}

type translator struct {
	from, to                    []rune
	remove, squeeze, complement bool
}

func (t translator) run(r io.Reader, w io.Writer) error {
	in, out := bufio.NewReader(r), bufio.NewWriter(w)
	last := rune(-1)
	for {
		c, _, err := in.ReadRune()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		at := slices.Index(t.from, c)
		hit := (at >= 0) != t.complement
		if hit && t.remove {
			continue
		}
		if hit && len(t.to) > 0 {
			if at < 0 || at >= len(t.to) {
				at = len(t.to) - 1
			}
			c = t.to[at]
		}
		if hit && t.squeeze && c == last {
			continue
		}
		last = c
		if _, err := out.WriteRune(c); err != nil {
			return err
		}
	}
}

// characters expands ranges, escapes and classes.
func characters(set string) ([]rune, error) {
	classes := map[string]string{
		"[:space:]": " \t\n\v\f\r", "[:blank:]": " \t", "[:digit:]": "0-9", "[:lower:]": "a-z", "[:upper:]": "A-Z",
		"[:alpha:]": "a-zA-Z", "[:alnum:]": "a-zA-Z0-9", "[:punct:]": "!-/:-@[-`{-~",
	}
	escapes := map[rune]rune{'n': '\n', 't': '\t', 'r': '\r', '0': 0}
	if expansion, ok := classes[set]; ok {
		set = expansion
	}
	in := []rune(set)
	var out []rune
	for i := 0; i < len(in); i++ {
		c := in[i]
		if c == '\\' && i+1 < len(in) {
			i++
			c = in[i]
			if special, ok := escapes[c]; ok {
				c = special
			}
		}
		if i+2 < len(in) && in[i+1] == '-' {
			if in[i+2] < c {
				return nil, fmt.Errorf("range %c-%c runs backwards", c, in[i+2])
			}
			for r := c; r <= in[i+2]; r++ {
				out = append(out, r)
			}
			i += 2
			continue
		}
		out = append(out, c)
	}
	return out, nil
}
