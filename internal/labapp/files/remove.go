package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Rm removes files and, with -r, directories.
func Rm(_ context.Context, p *applet.Process) error {
	var recurse, force bool
	set := opt.New("[-rf] FILE...", "Remove files.")
	set.Bool(&recurse, 'r', "recursive", "directories with all they hold")
	set.Bool(&recurse, 'R', "", "the same")
	set.Bool(&force, 'f', "force", "what does not exist is no error")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(operands) == 0 && !force {
		return applet.Usagef("missing operand")
	}
	var result error
	for _, name := range operands {
		if err := remove(name, recurse); err != nil && !(force && errors.Is(err, fs.ErrNotExist)) {
			result = p.Errorf("%v", err)
		}
	}
	return result
}

func remove(name string, recurse bool) error {
	if clean := filepath.Clean(name); clean == "/" || clean == "." || clean == ".." {
		return fmt.Errorf("refusing to remove %s", name)
	}
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return os.Remove(name)
	case !recurse:
		return fmt.Errorf("%s is a directory (use -r)", name)
	}
	return os.RemoveAll(name)
}

// Rmdir removes empty directories.
func Rmdir(_ context.Context, p *applet.Process) error {
	names, err := p.Operands("DIR...", "Remove empty directories.", 1)
	if err != nil {
		return err
	}
	return each(p, names, func(name string) error {
		info, err := os.Lstat(name)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is not a directory", name)
		}
		return os.Remove(name)
	})
}

// each calls f for every name, reports its errors and goes on.
func each(p *applet.Process, names []string, f func(string) error) error {
	var result error
	for _, name := range names {
		if err := f(name); err != nil {
			result = p.Errorf("%v", err)
		}
	}
	return result
}
