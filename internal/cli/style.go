package cli

import (
	"fmt"
	"strings"
	"time"
)

// style colours text for one stream, or leaves it as it is.
type style struct{ on bool }

// stylesFor honours NO_COLOR, TERM=dumb and pipes.
func (s *State) stylesFor(tty bool) style {
	return style{on: tty && s.Getenv("NO_COLOR") == "" && s.Getenv("TERM") != "dumb"}
}

func (s *State) out() style { return s.stylesFor(s.StdoutTTY) }
func (s *State) err() style { return s.stylesFor(s.StderrTTY) }

func (c style) wrap(code, text string) string {
	if !c.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (c style) bold(t string) string   { return c.wrap("1", t) }
func (c style) dim(t string) string    { return c.wrap("2", t) }
func (c style) red(t string) string    { return c.wrap("31", t) }
func (c style) green(t string) string  { return c.wrap("32", t) }
func (c style) yellow(t string) string { return c.wrap("33", t) }
func (c style) cyan(t string) string   { return c.wrap("36", t) }

// elapsed is a duration as people read it: 0.3 s, 12.0 s, 15m0s.
func elapsed(d time.Duration) string {
	if d < 10*time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Minute).String()
}

// wrapText breaks text into lines of at most width columns.
func wrapText(text string, width int, indent string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		column := 0
		for _, word := range strings.Fields(paragraph) {
			if column > 0 && column+1+len(word) > width-len(indent) {
				b.WriteString("\n")
				column = 0
			}
			if column == 0 {
				b.WriteString(indent)
			} else {
				b.WriteString(" ")
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
	}
	return b.String()
}
