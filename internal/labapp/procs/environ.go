package procs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Env prints the environment, or runs a command in a changed one.
func Env(ctx context.Context, p *applet.Process) error {
	var empty bool
	var remove []string
	set := opt.New("[-i] [-u NAME] [NAME=VALUE...] [COMMAND [ARG...]]", "Print the environment, or run a command in a changed one.")
	set.Bool(&empty, 'i', "ignore-environment", "start from an empty environment")
	set.Strings(&remove, 'u', "unset", "remove a variable")
	set.StopAtOperand = true
	args, err := p.Parse(set)
	if err != nil {
		return err
	}
	var env []string
	if !empty {
		env = os.Environ()
	}
	for _, name := range remove {
		env = without(env, name)
	}
	for len(args) > 0 && strings.Contains(args[0], "=") {
		name, _, _ := strings.Cut(args[0], "=")
		env, args = append(without(env, name), args[0]), args[1:]
	}
	if len(args) > 0 {
		return run(ctx, p, args, env)
	}
	for _, line := range env {
		fmt.Fprintln(p.Stdout, line)
	}
	return nil
}

func without(env []string, name string) []string {
	var kept []string
	for _, line := range env {
		if !strings.HasPrefix(line, name+"=") {
			kept = append(kept, line)
		}
	}
	return kept
}

// Printenv prints variables.
func Printenv(_ context.Context, p *applet.Process) error {
	names, err := p.Operands("[NAME...]", "Print the values of environment variables, or all.", 0)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		for _, line := range os.Environ() {
			fmt.Fprintln(p.Stdout, line)
		}
	}
	var missing error
	for _, name := range names {
		value, ok := os.LookupEnv(name)
		if !ok {
			missing = applet.Exit(1)
			continue
		}
		fmt.Fprintln(p.Stdout, value)
	}
	return missing
}

// Which prints where commands are found.
func Which(_ context.Context, p *applet.Process) error {
	names, err := p.Operands("COMMAND...", "Print where commands are found in $PATH.", 1)
	if err != nil {
		return err
	}
	var missing error
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			missing = applet.Exit(1)
			continue
		}
		fmt.Fprintln(p.Stdout, path)
	}
	return missing
}

// Timeout runs a command and ends it when its time is up.
func Timeout(ctx context.Context, p *applet.Process) error {
	set := opt.New("DURATION COMMAND [ARG...]", "Run a command; end it with SIGTERM after DURATION (exit code 124).")
	set.StopAtOperand = true
	args, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(args) < 2 {
		return applet.Usagef("want DURATION COMMAND")
	}
	limit, err := opt.ParseDuration(args[0])
	if err != nil {
		return &applet.UsageError{Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = run(ctx, p, args[1:], os.Environ())
	if ctx.Err() != nil {
		return applet.Exit(124)
	}
	return err
}

// run runs a command with the process's streams and gives back its exit code.
// When ctx ends the command gets SIGTERM, and SIGKILL five seconds later.
func run(ctx context.Context, p *applet.Process, args, env []string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, p.Stdin, p.Stdout, p.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		p.Errorf("%v", err)
		return applet.Exit(127)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case s := <-signals:
				_ = cmd.Process.Signal(s) // it may have ended already
			case <-done:
				return
			}
		}
	}()
	return exitCode(cmd.Wait())
}

func exitCode(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return applet.Exit(128 + int(status.Signal()))
	}
	return applet.Exit(exit.ExitCode())
}
