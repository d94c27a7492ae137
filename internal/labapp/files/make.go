package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Mkdir makes directories.
func Mkdir(_ context.Context, p *applet.Process) error {
	var parents bool
	var mode string
	set := opt.New("[-p] [-m MODE] DIR...", "Make directories.")
	set.Bool(&parents, 'p', "parents", "make missing parents; existing directories are no error")
	set.String(&mode, 'm', "mode", "permissions, as for chmod")
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	change, err := parseMode(cmp.Or(mode, "777"))
	if err != nil {
		return applet.Usagef("%v", err)
	}
	return each(p, names, func(name string) error {
		makeDir := os.Mkdir
		if parents {
			makeDir = os.MkdirAll
		}
		if err := makeDir(name, 0o777); err != nil || mode == "" {
			return err
		}
		return os.Chmod(name, unixMode(change(0o777, true)))
	})
}

// Touch makes empty files and sets times to now.
func Touch(_ context.Context, p *applet.Process) error {
	var noCreate bool
	set := opt.New("[-c] FILE...", "Set a file's times to now; make it if it is missing.")
	set.Bool(&noCreate, 'c', "no-create", "do not make missing files")
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	return each(p, names, func(name string) error {
		now := time.Now()
		err := os.Chtimes(name, now, now)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if noCreate {
			return nil
		}
		file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			return err
		}
		return file.Close()
	})
}

// Ln makes links.
func Ln(_ context.Context, p *applet.Process) error {
	var symbolic, force bool
	set := opt.New("[-sf] TARGET NAME", "Make NAME a link to TARGET.")
	set.Bool(&symbolic, 's', "symbolic", "a symbolic link")
	set.Bool(&force, 'f', "force", "replace an existing NAME")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(operands) != 2 {
		return applet.Usagef("want TARGET NAME")
	}
	target, name := operands[0], operands[1]
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, filepath.Base(target))
	}
	if force {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if symbolic {
		return os.Symlink(target, name)
	}
	return os.Link(target, name)
}

// Mktemp makes a temporary file or directory and prints its name.
func Mktemp(_ context.Context, p *applet.Process) error {
	var dir bool
	set := opt.New("[-d]", "Make a temporary file in $TMPDIR or /tmp and print its name.")
	set.Bool(&dir, 'd', "directory", "make a directory instead")
	if _, err := p.Parse(set); err != nil {
		return err
	}
	var name string
	var err error
	if dir {
		name, err = os.MkdirTemp("", "tmp.")
	} else {
		var file *os.File
		if file, err = os.CreateTemp("", "tmp."); err == nil {
			name, err = file.Name(), file.Close()
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(p.Stdout, name)
	}
	return err
}
