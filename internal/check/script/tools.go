package script

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/interp"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/text"
)

// tools are the commands of one run of a script.
type tools struct {
	shell *Shell
	table map[string]command
}

// command is a small tool; it returns its exit code.
type command func(context.Context, call) int

type call struct {
	name string
	args []string
	hc   interp.HandlerContext
}

func (c call) fail(err error) int {
	fmt.Fprintf(c.hc.Stderr, "%s: %v\n", c.name, err)
	return 1
}

// table lists every tool there is but kubectl.
func table() map[string]command {
	return map[string]command{
		"cat": filter(text.Cat), "tee": filter(text.Tee), "head": filter(text.Head), "tail": filter(text.Tail),
		"grep": filter(text.Grep), "sed": filter(text.Sed), "sort": filter(text.Sort), "uniq": filter(text.Uniq),
		"cut": filter(text.Cut), "tr": filter(text.Tr), "wc": filter(text.Wc), "seq": filter(text.Seq),
		"jq": jq, "sleep": sleep, "date": date, "base64": base64Tool,
		"mkdir": mkdir, "rm": rm, "cp": cp, "mv": mv, "ls": ls, "basename": basename, "dirname": dirname,
	}
}

func (t *tools) names() []string {
	return slices.Concat(slices.Sorted(maps.Keys(t.shell.Programs)), slices.Sorted(maps.Keys(t.table)))
}

// filter makes a tool of an applet that works on its streams and operands.
func filter(run func(context.Context, *applet.Process) error) command {
	return func(ctx context.Context, c call) int {
		p := &applet.Process{Name: c.name, Args: c.args, Stdin: stdin(c.hc), Stdout: c.hc.Stdout, Stderr: c.hc.Stderr, Dir: c.hc.Dir}
		return p.Code(run(ctx, p))
	}
}

func stdin(hc interp.HandlerContext) io.Reader {
	if hc.Stdin == nil {
		return strings.NewReader("")
	}
	return hc.Stdin
}

// operands makes paths absolute and refuses those that lead out of the script's
// directory. What is not there yet may be no path at all; a tool that takes it
// for one looks for it where the script is.
func (t *tools) operands(dir, name string, args []string) ([]string, error) {
	writes := slices.Contains([]string{"tee", "mkdir", "rm", "cp", "mv"}, name)
	out := slices.Clone(args)
	for i, arg := range args {
		if arg == "" || strings.HasPrefix(arg, "-") || name == "basename" || name == "dirname" {
			continue
		}
		if name == "jq" && (arg == "." || arg == "..") {
			continue // filters, though directories are called so, too
		}
		path := absolute(dir, arg)
		_, err := os.Lstat(path)
		if err != nil && !writes {
			continue // a pattern, a number, a filter
		}
		if !t.inside(path) {
			return nil, fmt.Errorf("%s is outside of the script's directory", arg)
		}
		out[i] = path
	}
	return out, nil
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// inside says whether a path is in the script's directory, also by where its
// links lead.
func (t *tools) inside(path string) bool {
	home, err := filepath.EvalSymlinks(t.shell.Dir)
	if err != nil || !below(t.shell.Dir, path) {
		return false
	}
	real, known := resolve(path)
	return known && below(home, real)
}

func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// resolve is where a path leads, which need not be there yet. Where a link to
// nothing leads is not known.
func resolve(path string) (string, bool) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, true
	}
	if _, err := os.Lstat(path); err == nil || path == filepath.Dir(path) {
		return "", false
	}
	parent, known := resolve(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), known
}

// open is for redirections.
func (t *tools) open(ctx context.Context, path string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	path = absolute(interp.HandlerCtx(ctx).Dir, path)
	if path != os.DevNull && !t.inside(path) {
		return nil, &os.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return os.OpenFile(path, flag, perm)
}

// stat is for tests such as [ -f x ].
func (t *tools) stat(ctx context.Context, path string, follow bool) (fs.FileInfo, error) {
	path = absolute(interp.HandlerCtx(ctx).Dir, path)
	if !t.inside(path) {
		return nil, &os.PathError{Op: "stat", Path: path, Err: fs.ErrPermission}
	}
	if follow {
		return os.Stat(path)
	}
	return os.Lstat(path)
}

// readDir is for patterns such as *.yaml.
func (t *tools) readDir(ctx context.Context, path string) ([]fs.DirEntry, error) {
	path = absolute(interp.HandlerCtx(ctx).Dir, path)
	if !t.inside(path) {
		return nil, &os.PathError{Op: "readdir", Path: path, Err: fs.ErrPermission}
	}
	return os.ReadDir(path)
}
