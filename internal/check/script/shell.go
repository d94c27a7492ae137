// Package script runs shell scripts of labs with an interpreter of our own: the
// same on every machine, with kubectl or docker, jq and a few small tools, and
// without the machine's programs. It is no sandbox: those two read and write the
// files they are told to, as the user who runs them. So labs of strangers have to be
// trusted before any script of theirs is run.
package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// Shell is where and with what scripts run. It is safe for concurrent use.
type Shell struct {
	// Dir is the directory scripts start in. They and the tools, but not Programs,
	// read and write below it only.
	Dir string
	// Env are variables, NAME=value. Nothing is inherited.
	Env []string
	// Programs are those of labctl's own that there are beside the tools, by name:
	// Kubectl, Docker.
	Programs map[string]Program
}

// The names of programs.
const (
	Kubectl = "kubectl"
	Docker  = "docker"
)

// Program runs a program to its end and returns its exit code. The error says
// that it could not be run.
type Program func(context.Context, Call) (int, error)

// Call is one run of a Program.
type Call struct {
	Args           []string // without the program's name
	Dir            string
	Env            []string // the script's exported variables
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Streams are a script's standard streams. Nil ones are empty or thrown away.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// ExitError says that a script ended with an exit code other than 0.
type ExitError struct {
	Name string
	Code int
}

func (e *ExitError) Error() string { return fmt.Sprintf("the script %s: exit code %d", e.Name, e.Code) }

// Run runs a script of this name (for errors). The error is an *ExitError, a
// syntax error with its place, or wraps the context's.
func (s *Shell) Run(ctx context.Context, name, text string, std Streams) error {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), name)
	if err != nil {
		return fmt.Errorf("the script %w", err) // the parser names the script
	}
	tools := &tools{shell: s, table: table()}
	runner, err := interp.New(
		interp.Dir(s.Dir), interp.StdIO(std.Stdin, std.Stdout, std.Stderr),
		interp.Env(expand.ListEnviron(append([]string{"PATH=", "HOME=" + s.Dir, "LC_ALL=C"}, s.Env...)...)),
		interp.ExecHandlers(tools.handle), interp.OpenHandler(tools.open),
		interp.StatHandler(tools.stat), interp.ReadDirHandler2(tools.readDir),
	)
	if err != nil {
		return fmt.Errorf("start the script %s: %w", name, err)
	}
	err = runner.Run(ctx, file)
	var exit interp.ExitStatus
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the script %s: %w", name, context.Cause(ctx))
	case errors.As(err, &exit):
		return &ExitError{Name: name, Code: int(exit)}
	case err != nil:
		return fmt.Errorf("the script %s: %w", name, err)
	}
	return nil
}

// handle runs what is neither a builtin nor a function.
func (t *tools) handle(interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		hc := interp.HandlerCtx(ctx)
		if program := t.shell.Programs[args[0]]; program != nil {
			if args[0] == Kubectl && slices.ContainsFunc(args, namesKubeconfig) {
				fmt.Fprintln(hc.Stderr, "kubectl: scripts work on their environment's cluster, so --kubeconfig is not for them; leave it out")
				return interp.ExitStatus(1)
			}
			code, err := program(ctx, Call{
				Args: args[1:], Dir: hc.Dir, Env: exported(hc.Env), Stdin: hc.Stdin, Stdout: hc.Stdout, Stderr: hc.Stderr,
			})
			return status(code, err)
		}
		run, ok := t.table[args[0]]
		if !ok {
			fmt.Fprintf(hc.Stderr, "%s: there is no such command here; there are %s\n", args[0], strings.Join(t.names(), " "))
			return interp.ExitStatus(127)
		}
		operands, err := t.operands(hc.Dir, args[0], args[1:])
		if err != nil {
			fmt.Fprintf(hc.Stderr, "%s: %v\n", args[0], err)
			return interp.ExitStatus(1)
		}
		return status(run(ctx, call{name: args[0], args: operands, hc: hc}), nil)
	}
}

// namesKubeconfig finds the flag that leads to another cluster, or to programs
// of the machine: a kubeconfig may name one that fetches credentials.
func namesKubeconfig(arg string) bool {
	return arg == "--kubeconfig" || strings.HasPrefix(arg, "--kubeconfig=")
}

func status(code int, err error) error {
	if err != nil || code == 0 {
		return err
	}
	return interp.ExitStatus(min(code, 255))
}

func exported(env expand.Environ) []string {
	var list []string
	for name, v := range env.Each {
		if v.Exported && v.Kind == expand.String {
			list = append(list, name+"="+v.Str)
		}
	}
	return list
}
