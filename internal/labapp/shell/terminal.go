package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// terminal reads lines with editing and history and runs each statement.
//
// While a line is typed the terminal is raw; while a command runs it is as it
// was, so that Ctrl-C reaches the command.
func (s *session) terminal(ctx context.Context, tty *os.File) error {
	editor := newEditor(tty, s.Stdout)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	var last error
	for {
		stmts, err := s.read(editor)
		switch {
		case errors.Is(err, io.EOF):
			fmt.Fprintln(s.Stdout)
			return last
		case errors.Is(err, errInterrupted):
			continue
		case err != nil:
			s.Errorf("%v", err)
			continue
		}
		last = s.statements(ctx, stmts, interrupts)
		if s.runner.Exited() && !endedByInterrupt(last) {
			return last
		}
	}
}

// read returns the next complete statements.
func (s *session) read(e *editor) ([]*syntax.Stmt, error) {
	text, prompt := "", s.runner.Dir+" "+mark()+" "
	for {
		line, err := e.line(prompt)
		if err != nil {
			return nil, err
		}
		text += line + "\n"
		file, err := syntax.NewParser().Parse(strings.NewReader(text), "sh")
		switch {
		case err == nil:
			return file.Stmts, nil
		case !syntax.IsIncomplete(err):
			return nil, err
		}
		prompt = "> "
	}
}

func mark() string {
	if os.Geteuid() == 0 {
		return "#"
	}
	return "$"
}

// statements runs what was typed; Ctrl-C ends it.
func (s *session) statements(ctx context.Context, stmts []*syntax.Stmt, interrupts <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-interrupts:
			cancel()
		case <-ctx.Done():
		}
	})
	defer watch.Wait()
	defer cancel()
	var last error
	for _, stmt := range stmts {
		s.replaceable = execPlaces(stmt)
		last = s.runner.Run(ctx, stmt)
		if endedByInterrupt(last) {
			// The command heard of Ctrl-C first; our own signal is on its
			// way and must not hit the next command.
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
		if ctx.Err() != nil || endedByInterrupt(last) {
			fmt.Fprintln(s.Stdout)
			return interp.ExitStatus(130)
		}
		if s.runner.Exited() {
			return last
		}
	}
	return last
}

func endedByInterrupt(err error) bool {
	var status interp.ExitStatus
	return errors.As(err, &status) && status == 128+interp.ExitStatus(syscall.SIGINT)
}

var errInterrupted = errors.New("interrupted")

// editor reads lines from a terminal.
type editor struct {
	tty     *os.File
	out     io.Writer
	history term.History
	keys    *keyWatcher
	lines   *term.Terminal
}

func newEditor(tty *os.File, out io.Writer) *editor {
	e := &editor{tty: tty, out: out, keys: &keyWatcher{r: tty}}
	e.reset()
	return e
}

// reset forgets a half-typed line and keeps the history.
func (e *editor) reset() {
	e.lines = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{e.keys, e.out}, "")
	if e.history != nil {
		e.lines.History = e.history
	}
	e.history = e.lines.History
}

func (e *editor) line(prompt string) (string, error) {
	fd := int(e.tty.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(fd, before) }() // the terminal is gone
	if width, height, err := term.GetSize(fd); err == nil && width > 0 {
		_ = e.lines.SetSize(width, height) // only redraws
	}
	e.lines.SetPrompt(prompt)
	line, err := e.lines.ReadLine()
	if errors.Is(err, io.EOF) && e.keys.ctrlC > 0 {
		e.keys.ctrlC--
		e.reset()
		fmt.Fprint(e.out, "^C\r\n")
		return "", errInterrupted
	}
	return line, err
}

// keyWatcher counts the Ctrl-Cs that term will report as the end of input:
// with keys typed ahead, that may be some lines later.
type keyWatcher struct {
	r     io.Reader
	ctrlC int
}

func (k *keyWatcher) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	k.ctrlC += bytes.Count(p[:n], []byte{3})
	return n, err
}
