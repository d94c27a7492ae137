package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab/problem"
)

// The exit codes.
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitInvalidLab   = 3
	exitEnvironment  = 4
	exitUnassessable = 5
	exitInterrupted  = 130
)

// exitTable is what --help says about exit codes.
func exitTable() string {
	rows := []struct {
		code    int
		meaning string
	}{
		{exitOK, "all is well; every check passed"},
		{exitFailed, "some check failed, is pending or is blocked"},
		{exitUsage, "the command line is wrong"},
		{exitInvalidLab, "the lab is invalid"},
		{exitEnvironment, "the environment, the engine or the checker failed"},
		{exitUnassessable, "all passed but what this engine cannot assess"},
		{exitInterrupted, "interrupted"},
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "  %3d  %s\n", r.code, r.meaning)
	}
	return b.String()
}

// usageError is a mistake on the command line.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(hint, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), hint: hint}
}

// verdictError ends labctl with a code when everything has been said already.
type verdictError struct{ code int }

func (e *verdictError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var (
		verdict *verdictError
		wrong   *usageError
		invalid problem.List
		p       *environment.Problem
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &verdict):
		return verdict.code
	case errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &invalid):
		return exitInvalidLab
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &p):
		return problemExit(p.Code)
	default:
		return exitEnvironment
	}
}

func problemExit(code string) int {
	switch code {
	case environment.CodeInvalidLab:
		return exitInvalidLab
	case environment.CodeUnknownLab, environment.CodeUnknownArgument, environment.CodeUntrusted, environment.CodeOtherLab:
		return exitUsage
	case environment.CodeInterrupted:
		return exitInterrupted
	default:
		return exitEnvironment
	}
}

// faultOf gives every error the shape {code, message, hint}.
func faultOf(err error) fault {
	var (
		wrong   *usageError
		invalid problem.List
	)
	p := environment.AsProblem(err)
	switch {
	case p != nil:
		return fault{p.Code, p.Message, p.Hint}
	case errors.As(err, &wrong):
		return fault{"Usage", err.Error(), wrong.hint}
	case errors.As(err, &invalid):
		return fault{environment.CodeInvalidLab, err.Error(), "Run `labctl lab lint` on the lab's directory while you mend it."}
	case errors.Is(err, context.Canceled):
		return fault{environment.CodeInterrupted, "interrupted", ""}
	default:
		return fault{"Failed", err.Error(), ""}
	}
}
