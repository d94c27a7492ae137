// Package applet is what one command of the labapp binary looks like.
//
// An applet is a process of its own: it may use the working directory, the
// environment and signals as any program does, but for those that run in
// sessions (see package session). What it reads and prints goes through Process,
// so that tests can run it in place.
package applet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"

	"labctl.dev/labctl/internal/labapp/opt"
)

// Applet is one command.
type Applet struct {
	Name    string
	Summary string
	// Run does the work. The error decides the exit code, see Code.
	Run func(context.Context, *Process) error
}

// Process is the command line and the standard streams of one run.
type Process struct {
	Name   string   // the name it was called by
	Args   []string // without the name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Dir is where relative paths begin, when that is not the working directory:
	// labctl runs applets in place, several at once.
	Dir string
}

// Path is how to open an operand.
func (p *Process) Path(name string) string {
	if p.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, name)
}

// Exit is an error that ends the applet with this code and prints nothing.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// UsageError is a command line that makes no sense. Its exit code is 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// Parse parses the options and returns the operands. For --help it prints
// the help and returns Exit(0); the applet just returns that error.
func (p *Process) Parse(set *opt.Set) ([]string, error) {
	operands, err := set.Parse(p.Args)
	switch {
	case errors.Is(err, opt.ErrHelp):
		set.WriteHelp(p.Stdout, p.Name)
		return nil, Exit(0)
	case err != nil:
		return nil, &UsageError{err}
	}
	return operands, nil
}

// Errorf prints one line "name: message" on standard error, for applets that
// go on with their next operand, and returns the Exit they end with.
func (p *Process) Errorf(format string, args ...any) error {
	fmt.Fprintf(p.Stderr, "%s: %s\n", p.Name, fmt.Sprintf(format, args...))
	return Exit(1)
}

// Code turns the error of a run into an exit code, after printing it where
// it has something to say. Writing into a closed pipe is not an error.
func (p *Process) Code(err error) int {
	var exit Exit
	var usage *UsageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	case errors.Is(err, syscall.EPIPE):
		return 141 // as if killed by SIGPIPE
	case errors.As(err, &usage):
		p.Errorf("%v (see %s --help)", err, p.Name)
		return 2
	}
	p.Errorf("%v", err)
	return 1
}
