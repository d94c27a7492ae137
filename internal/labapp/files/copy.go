package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

type copier struct {
	recurse, preserve, noClobber bool
}

// Cp copies files and directories.
func Cp(_ context.Context, p *applet.Process) error {
	var c copier
	var archive, force bool
	set := opt.New("[-rapn] SOURCE... DEST", "Copy files; a DEST that is a directory receives them.")
	set.Bool(&c.recurse, 'r', "recursive", "directories with all they hold")
	set.Bool(&c.recurse, 'R', "", "the same")
	set.Bool(&archive, 'a', "archive", "as -r -p")
	set.Bool(&c.preserve, 'p', "preserve", "keep mode, owner and times")
	set.Bool(&c.noClobber, 'n', "no-clobber", "leave existing files alone")
	set.Bool(&force, 'f', "force", "accepted, always so")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	c.recurse, c.preserve = c.recurse || archive, c.preserve || archive
	return eachTarget(p, operands, c.copy)
}

// Mv moves files, across file systems too.
func Mv(_ context.Context, p *applet.Process) error {
	var noClobber, force bool
	set := opt.New("[-nf] SOURCE... DEST", "Move or rename files; a DEST that is a directory receives them.")
	set.Bool(&noClobber, 'n', "no-clobber", "leave existing files alone")
	set.Bool(&force, 'f', "force", "accepted, always so")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	return eachTarget(p, operands, func(from, to string) error {
		if _, err := os.Lstat(to); err == nil && noClobber {
			return nil
		}
		err := os.Rename(from, to)
		if !errors.Is(err, syscall.EXDEV) {
			return err
		}
		c := copier{recurse: true, preserve: true}
		if err := c.copy(from, to); err != nil {
			return err
		}
		return os.RemoveAll(from)
	})
}

// eachTarget calls f(source, target) for SOURCE... DEST.
func eachTarget(p *applet.Process, operands []string, f func(from, to string) error) error {
	if len(operands) < 2 {
		return applet.Usagef("want SOURCE... DEST")
	}
	sources, dest := operands[:len(operands)-1], operands[len(operands)-1]
	info, err := os.Stat(dest)
	into := err == nil && info.IsDir()
	if len(sources) > 1 && !into {
		return fmt.Errorf("%s is not a directory, so it cannot receive %d files", dest, len(sources))
	}
	var result error
	for _, source := range sources {
		target := dest
		if into {
			target = filepath.Join(dest, filepath.Base(source))
		}
		if err := f(source, target); err != nil {
			result = p.Errorf("%v", err)
		}
	}
	return result
}

func (c *copier) copy(from, to string) error {
	info, err := os.Stat(from)
	if c.preserve {
		info, err = os.Lstat(from)
	}
	if err != nil {
		return err
	}
	if existing, err := os.Stat(to); err == nil {
		if os.SameFile(info, existing) {
			return fmt.Errorf("%s and %s are the same file", from, to)
		}
		if c.noClobber && !info.IsDir() {
			return nil
		}
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return c.link(from, to)
	case !info.IsDir():
		err = c.file(from, to, info)
	case !c.recurse:
		return fmt.Errorf("%s is a directory (use -r)", from)
	default:
		err = c.directory(from, to, info)
	}
	if err == nil && c.preserve {
		err = preserve(to, info)
	}
	return err
}

func (c *copier) link(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, to)
}

func (c *copier) file(from, to string, info fs.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func (c *copier) directory(from, to string, info fs.FileInfo) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, info.Mode().Perm()|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, e := range entries {
		if err := c.copy(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// preserve sets mode, times and, where we may, the owner.
func preserve(path string, info fs.FileInfo) error {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Lchown(path, int(sys.Uid), int(sys.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if err := os.Chmod(path, info.Mode()); err != nil {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}
