package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Pwd prints the working directory.
func Pwd(_ context.Context, p *applet.Process) error {
	if _, err := p.Operands("", "Print the working directory.", 0); err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err == nil {
		_, err = fmt.Fprintln(p.Stdout, dir)
	}
	return err
}

// Basename prints the last part of a path.
func Basename(_ context.Context, p *applet.Process) error {
	operands, err := p.Operands("PATH [SUFFIX]", "Print the last part of a path, without SUFFIX.", 1)
	if err != nil {
		return err
	}
	name := filepath.Base(operands[0])
	if len(operands) > 1 && name != operands[1] {
		name = strings.TrimSuffix(name, operands[1])
	}
	_, err = fmt.Fprintln(p.Stdout, name)
	return err
}

// Dirname prints a path without its last part.
func Dirname(_ context.Context, p *applet.Process) error {
	operands, err := p.Operands("PATH", "Print a path without its last part.", 1)
	if err == nil {
		_, err = fmt.Fprintln(p.Stdout, filepath.Dir(operands[0]))
	}
	return err
}

// Readlink prints where a symbolic link points.
func Readlink(_ context.Context, p *applet.Process) error {
	var canonical bool
	set := opt.New("[-f] PATH", "Print where a symbolic link points.")
	set.Bool(&canonical, 'f', "canonicalize", "follow every link on the way")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return applet.Usagef("want one PATH")
	}
	var target string
	if canonical {
		if target, err = filepath.EvalSymlinks(operands[0]); err == nil {
			target, err = filepath.Abs(target)
		}
	} else {
		target, err = os.Readlink(operands[0])
	}
	if err == nil {
		_, err = fmt.Fprintln(p.Stdout, target)
	}
	return err
}
