// Package shell is the sh applet: a POSIX shell (with most of bash's syntax)
// on mvdan.cc/sh, which finds labapp's other applets even where no links to
// them are installed.
//
// There is no job control: a command in the background cannot be brought
// back, $! is not a process id, and traps exist for EXIT and ERR only.
package shell

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

type options struct {
	command                    string
	hasCommand, interactive    bool
	errexit, nounset, xtrace   bool
	login, readStdin, pipefail bool
}

func (o *options) set() *opt.Set {
	s := opt.New("[-eux] [-c COMMAND [NAME [ARG...]] | SCRIPT [ARG...]]", "Run a command, a script, or what is typed.")
	s.Bool(&o.hasCommand, 'c', "", "the first operand is the script itself")
	s.Bool(&o.interactive, 'i', "", "prompt even when standard input is no terminal")
	s.Bool(&o.errexit, 'e', "", "stop at the first command that fails")
	s.Bool(&o.nounset, 'u', "", "an unset variable is an error")
	s.Bool(&o.xtrace, 'x', "", "print commands before running them")
	s.Bool(&o.login, 'l', "login", "accepted, changes nothing")
	s.Bool(&o.readStdin, 's', "", "read commands from standard input")
	s.Func(func(name string) error {
		if name != "pipefail" {
			return errors.New("only pipefail is known")
		}
		o.pipefail = true
		return nil
	}, 'o', "", "pipefail: a pipeline fails when any part of it does")
	s.StopAtOperand = true
	s.Notes = "Not supported: job control (fg, bg, $! as a process id) and traps other than EXIT and ERR."
	return s
}

// New returns the applet's run function; isApplet says which commands can be
// run by this very binary.
func New(isApplet func(name string) bool) func(context.Context, *applet.Process) error {
	return func(ctx context.Context, p *applet.Process) error {
		var o options
		operands, err := p.Parse(o.set())
		if err != nil {
			return err
		}
		ignoreTermAsInit()
		s := &session{Process: p, isApplet: isApplet}
		return exitCode(s.start(ctx, o, operands))
	}
}

// ignoreTermAsInit makes a shell that is PID 1 behave as any other shell
// there: SIGTERM does nothing unless the script has exec'ed its program. It
// is caught rather than ignored, as children would inherit the latter.
func ignoreTermAsInit() {
	if os.Getpid() == 1 {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	}
}

type session struct {
	*applet.Process
	isApplet func(string) bool
	runner   *interp.Runner
	// replaceable are the places where exec may replace this process.
	replaceable map[syntax.Pos]bool
	interactive bool
}

func (s *session) start(ctx context.Context, o options, operands []string) error {
	name, args := "sh", operands
	if o.hasCommand {
		if len(operands) == 0 {
			return applet.Usagef("-c needs a command")
		}
		o.command, args = operands[0], operands[1:]
		if len(args) > 0 {
			name, args = args[0], args[1:]
		}
	} else if len(operands) > 0 && !o.readStdin {
		name, args = operands[0], operands[1:]
	}
	stdin, isFile := s.Stdin.(*os.File)
	tty := isFile && term.IsTerminal(int(stdin.Fd()))
	fromStdin := !o.hasCommand && (o.readStdin || len(operands) == 0)
	s.interactive = fromStdin && (tty || o.interactive)
	if err := s.newRunner(o, args); err != nil {
		return err
	}
	switch {
	case o.hasCommand:
		return s.script(ctx, strings.NewReader(o.command), name)
	case !fromStdin:
		file, err := os.Open(name)
		if err != nil {
			s.Errorf("%v", err)
			return applet.Exit(127)
		}
		defer file.Close()
		return s.script(ctx, file, name)
	case tty:
		return s.terminal(ctx, stdin)
	}
	return s.lines(ctx)
}

func (s *session) newRunner(o options, args []string) error {
	var params []string
	for _, f := range []struct {
		on   bool
		flag []string
	}{{o.errexit, []string{"-e"}}, {o.nounset, []string{"-u"}}, {o.xtrace, []string{"-x"}}, {o.pipefail, []string{"-o", "pipefail"}}} {
		if f.on {
			params = append(params, f.flag...)
		}
	}
	var err error
	s.runner, err = interp.New(
		interp.Interactive(s.interactive),
		interp.StdIO(s.Stdin, s.Stdout, s.Stderr),
		interp.Params(append(append(params, "--"), args...)...),
		interp.CallHandler(s.onCall),
		interp.ExecHandlers(s.onExec),
	)
	return err
}

// script parses all of r, then runs it.
func (s *session) script(ctx context.Context, r io.Reader, name string) error {
	file, err := syntax.NewParser().Parse(r, name)
	if err != nil {
		s.Errorf("%v", err)
		return applet.Exit(2)
	}
	s.replaceable = execPlaces(file)
	return s.runner.Run(ctx, file)
}

// lines runs each statement of standard input as soon as it is complete.
func (s *session) lines(ctx context.Context) error {
	parser := syntax.NewParser()
	var last error
	s.prompt("$ ")
	for stmts, err := range parser.InteractiveSeq(s.Stdin) {
		if err != nil {
			s.Errorf("%v", err)
			return applet.Exit(2)
		}
		if parser.Incomplete() {
			s.prompt("> ")
			continue
		}
		for _, stmt := range stmts {
			s.replaceable = execPlaces(stmt)
			last = s.runner.Run(ctx, stmt)
			if s.runner.Exited() {
				return last
			}
		}
		s.prompt("$ ")
	}
	return last
}

func (s *session) prompt(text string) {
	if s.interactive {
		_, _ = io.WriteString(s.Stderr, text) // nobody looks
	}
}

// exitCode turns the interpreter's exit status into the applet's.
func exitCode(err error) error {
	var status interp.ExitStatus
	if errors.As(err, &status) {
		return applet.Exit(int(status))
	}
	return err
}

// Test evaluates a condition: the test and [ applets.
func Test(ctx context.Context, p *applet.Process) error {
	file, err := syntax.NewParser().Parse(strings.NewReader(`"$0" "$@"`), p.Name)
	if err != nil {
		return err
	}
	runner, err := interp.New(interp.StdIO(nil, p.Stdout, p.Stderr), interp.Params(append([]string{"--"}, p.Args...)...))
	if err != nil {
		return err
	}
	return exitCode(runner.Run(ctx, file))
}
