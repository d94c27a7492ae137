// Package applettest runs applets inside a test.
package applettest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/labapp/applet"
)

// Result is what a run printed and its exit code.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs an applet with this name, standard input and arguments.
func Run(t testing.TB, run func(context.Context, *applet.Process) error, name, stdin string, args ...string) Result {
	t.Helper()
	var out, errs bytes.Buffer
	p := &applet.Process{Name: name, Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs}
	code := p.Code(run(t.Context(), p))
	return Result{out.String(), errs.String(), code}
}
