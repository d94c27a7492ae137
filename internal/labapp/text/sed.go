package text

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Sed edits lines with s/// , d, p and q.
func Sed(_ context.Context, p *applet.Process) error {
	var quiet, extended, inPlace bool
	var scripts []string
	set := opt.New("[-nEi] SCRIPT [FILE...]", "Edit lines: [ADDRESS[,ADDRESS]][!]COMMAND, joined by ';'.")
	set.Bool(&quiet, 'n', "quiet", "print only what p prints")
	set.Bool(&extended, 'E', "regexp-extended", "( ) { } + ? | are operators without a backslash")
	set.Bool(&extended, 'r', "", "the same")
	set.Bool(&inPlace, 'i', "in-place", "change the files themselves (no backup suffix)")
	set.Strings(&scripts, 'e', "expression", "the script; may be given several times")
	set.Notes = `Commands: s/REGEXP/REPLACEMENT/[gip], d, p, q. Addresses: a line number, $, /REGEXP/.
Not supported: hold space, branches, a i c y w r, back-references inside a REGEXP.`
	files, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(scripts) == 0 {
		if len(files) == 0 {
			return applet.Usagef("missing SCRIPT")
		}
		scripts, files = files[:1], files[1:]
	}
	var commands []*sedCommand
	for _, script := range scripts {
		parsed, err := parseSed(script, extended)
		if err != nil {
			return &applet.UsageError{Err: err}
		}
		commands = append(commands, parsed...)
	}
	if !inPlace {
		e := &sedEditor{commands: commands, quiet: quiet, out: p.Stdout}
		readers, closeAll, err := openAll(p, files)
		defer closeAll()
		if err != nil {
			return err
		}
		return e.run(io.MultiReader(readers...))
	}
	for _, name := range files {
		if err := editInPlace(p.Path(name), commands, quiet); err != nil {
			return err
		}
		for _, c := range commands {
			c.inRange = false
		}
	}
	return nil
}

func openAll(p *applet.Process, names []string) (readers []io.Reader, closeAll func(), err error) {
	var files []*os.File
	closeAll = func() {
		for _, f := range files {
			f.Close()
		}
	}
	if len(names) == 0 {
		return []io.Reader{p.Stdin}, closeAll, nil
	}
	for _, name := range names {
		file, err := os.Open(p.Path(name))
		if err != nil {
			return nil, closeAll, err
		}
		files, readers = append(files, file), append(readers, file)
	}
	return readers, closeAll, nil
}

func editInPlace(name string, commands []*sedCommand, quiet bool) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	e := &sedEditor{commands: commands, quiet: quiet, out: &out}
	if err := e.run(bytes.NewReader(content)); err != nil {
		return err
	}
	return os.WriteFile(name, out.Bytes(), info.Mode().Perm())
}

type sedEditor struct {
	commands []*sedCommand
	quiet    bool
	out      io.Writer
	number   int
}

// run edits one stream. It reads a line ahead, to know which is the last.
func (e *sedEditor) run(r io.Reader) error {
	var pending *string
	quit := false
	err := applet.EachLine(r, func(line string) bool {
		if pending != nil {
			quit = e.line(*pending, false)
		}
		pending = &line
		return !quit
	})
	if err == nil && pending != nil && !quit {
		e.line(*pending, true)
	}
	return err
}

// line runs the script on one line and reports whether q was met.
func (e *sedEditor) line(text string, last bool) (quit bool) {
	e.number++
	for _, c := range e.commands {
		if !c.applies(e.number, text, last) {
			continue
		}
		switch c.verb {
		case 'd':
			return false
		case 'p':
			fmt.Fprintln(e.out, text)
		case 'q':
			quit = true
		case 's':
			changed, ok := c.substitute(text)
			text = changed
			if ok && c.print {
				fmt.Fprintln(e.out, text)
			}
		}
		if quit {
			break
		}
	}
	if !e.quiet {
		fmt.Fprintln(e.out, text)
	}
	return quit
}
