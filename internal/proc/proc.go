// Package proc starts other programs, and is the only importer of os/exec. A
// program is told politely to end when its context does, and killed only after
// a grace; an error of a program that failed carries the end of what it said.
package proc

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// DefaultGrace is how long a program that was told to end may take.
const DefaultGrace = 5 * time.Second

// Command is a program to run. The zero value of every field but Path is
// usable: no input, output thrown away, the caller's environment.
type Command struct {
	Path string   // a name without a slash is looked up on PATH
	Args []string // without the program's own name
	Dir  string
	Env  []string // nil: the caller's environment

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Files          []*os.File // become descriptors 3, 4, …

	// Group gives the program a process group of its own, and ends that whole
	// group when the program is ended.
	Group bool
	// Detached makes the program leader of a session of its own, so that it
	// outlives the caller's terminal. It implies Group.
	Detached bool
	// Attr asks for more of the operating system (namespaces, for example).
	Attr *syscall.SysProcAttr

	// grace replaces DefaultGrace, for tests that have no patience.
	grace time.Duration
}

// Run runs the program to its end. When ctx ends first, the program is
// interrupted, then killed after the grace, and the error wraps ctx's.
// A program that failed yields an *ExitError.
func (c Command) Run(ctx context.Context) error {
	said := &tail{}
	if c.Stderr == nil {
		c.Stderr = said
	} else {
		c.Stderr = io.MultiWriter(c.Stderr, said)
	}
	p, err := c.Start()
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.end(os.Interrupt, cmp.Or(c.grace, DefaultGrace))
		return fmt.Errorf("%s: %w", c.name(), context.Cause(ctx))
	}
	return c.failure(p.Err(), said)
}

// Output is Run, and returns what the program wrote to its standard output.
func (c Command) Output(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run(ctx)
	return out.Bytes(), err
}

// Start starts the program and returns at once. The caller sees to its end,
// with Process.Stop or by waiting for Done.
func (c Command) Start() (*Process, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.ExtraFiles = c.Files
	cmd.SysProcAttr = c.attributes()
	// A grandchild that keeps the output open must not keep us waiting.
	cmd.WaitDelay = cmp.Or(c.grace, DefaultGrace)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name(), err)
	}
	p := &Process{cmd: cmd, group: c.Group || c.Detached, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (c Command) name() string { return c.Path[strings.LastIndexByte(c.Path, '/')+1:] }

func (c Command) failure(err error, said *tail) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &ExitError{Program: c.name(), Code: exit.ExitCode(), How: exit.Error(), Said: said.String()}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	return nil
}

// ExitError says that a program ran and failed.
type ExitError struct {
	Program string
	Code    int    // -1 when a signal ended it
	How     string // "exit status 3", "signal: killed"
	Said    string // the end of its standard error
}

func (e *ExitError) Error() string {
	if e.Said == "" {
		return e.Program + ": " + e.How
	}
	return e.Program + ": " + e.How + ": " + e.Said
}
