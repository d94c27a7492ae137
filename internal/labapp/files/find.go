package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
)

const findHelp = `Usage: find [PATH...] [-name GLOB] [-iname GLOB] [-path GLOB] [-type f|d|l] [-maxdepth N] [-mindepth N] [-empty] [-print0]

Walk directories and print what matches every condition given.
Not supported: -exec (use -print0 | xargs -0), -o, !, parentheses, -mtime, -size.
`

type finder struct {
	*applet.Process
	tests              []func(path string, info fs.FileInfo) bool
	minDepth, maxDepth int
	end                string
}

// Find walks directories and prints what matches.
func Find(_ context.Context, p *applet.Process) error {
	f := &finder{Process: p, maxDepth: 1 << 30, end: "\n"}
	args := p.Args
	var roots []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		roots, args = append(roots, args[0]), args[1:]
	}
	if len(roots) == 0 {
		roots = []string{"."}
	}
	for len(args) > 0 {
		used, err := f.condition(args[0], args[1:])
		if err != nil {
			return err
		}
		args = args[1+used:]
	}
	return each(p, roots, func(root string) error {
		info, err := os.Lstat(root)
		if err != nil {
			return err
		}
		f.walk(root, info, 0)
		return nil
	})
}

func (f *finder) condition(name string, rest []string) (used int, err error) {
	switch name {
	case "--help":
		fmt.Fprint(f.Stdout, findHelp)
		return 0, applet.Exit(0)
	case "-print":
		return 0, nil
	case "-print0":
		f.end = "\x00"
		return 0, nil
	case "-empty":
		f.tests = append(f.tests, isEmpty)
		return 0, nil
	}
	if len(rest) == 0 {
		return 0, applet.Usagef("%s: unknown, or its value is missing", name)
	}
	value := rest[0]
	test := func(t func(path string, info fs.FileInfo) bool) { f.tests = append(f.tests, t) }
	switch name {
	case "-name":
		test(func(path string, _ fs.FileInfo) bool { return glob(value, filepath.Base(path)) })
	case "-iname":
		test(func(path string, _ fs.FileInfo) bool {
			return glob(strings.ToLower(value), strings.ToLower(filepath.Base(path)))
		})
	case "-path":
		test(func(path string, _ fs.FileInfo) bool { return glob(value, path) })
	case "-type":
		test(func(_ string, info fs.FileInfo) bool {
			return modeString(info.Mode())[:1] == strings.Replace(value, "f", "-", 1)
		})
	case "-maxdepth":
		f.maxDepth, err = strconv.Atoi(value)
	case "-mindepth":
		f.minDepth, err = strconv.Atoi(value)
	default:
		err = fmt.Errorf("unknown condition %s", name)
	}
	if err != nil {
		return 0, &applet.UsageError{Err: err}
	}
	return 1, nil
}

func (f *finder) walk(path string, info fs.FileInfo, depth int) {
	matches := depth >= f.minDepth
	for _, test := range f.tests {
		matches = matches && test(path, info)
	}
	if matches {
		fmt.Fprint(f.Stdout, path, f.end)
	}
	if !info.IsDir() || depth >= f.maxDepth {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		f.Errorf("%v", err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			f.walk(strings.TrimSuffix(path, "/")+"/"+e.Name(), info, depth+1)
		}
	}
}

// glob matches as the shell does, except that * also matches a slash.
func glob(pattern, name string) bool {
	ok, err := filepath.Match(strings.ReplaceAll(pattern, "/", "\x01"), strings.ReplaceAll(name, "/", "\x01"))
	return ok && err == nil
}

func isEmpty(path string, info fs.FileInfo) bool {
	if !info.IsDir() {
		return info.Size() == 0
	}
	entries, err := os.ReadDir(path)
	return err == nil && len(entries) == 0
}
