package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

type lister struct {
	*applet.Process
	all, long, human, recurse, self, byTime, reverse, one, classify bool
}

// Ls lists files.
func Ls(_ context.Context, p *applet.Process) error {
	l := &lister{Process: p}
	set := opt.New("[-aldhRtr1F] [FILE...]", "List files and directories.")
	set.Bool(&l.all, 'a', "all", "show names that start with a dot")
	set.Bool(&l.all, 'A', "almost-all", "the same")
	set.Bool(&l.long, 'l', "", "mode, owner, size and time of each")
	set.Bool(&l.human, 'h', "human-readable", "sizes as 1.5K, 20M")
	set.Bool(&l.self, 'd', "directory", "directories themselves, not their content")
	set.Bool(&l.recurse, 'R', "recursive", "subdirectories too")
	set.Bool(&l.byTime, 't', "", "newest first")
	set.Bool(&l.reverse, 'r', "reverse", "reverse the order")
	set.Bool(&l.one, '1', "", "one name a line (always so)")
	set.Bool(&l.classify, 'F', "classify", "mark directories with /, links with @")
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	return l.list(names)
}

func (l *lister) list(names []string) error {
	var files []entry
	var dirs []string
	var result error
	for _, name := range names {
		info, err := os.Lstat(name)
		if err == nil && !l.self && !l.long && info.Mode()&fs.ModeSymlink != 0 {
			if target, err := os.Stat(name); err == nil {
				info = target
			}
		}
		switch {
		case err != nil:
			result = l.Errorf("%v", err)
		case info.IsDir() && !l.self:
			dirs = append(dirs, name)
		default:
			files = append(files, entry{name, name, info})
		}
	}
	l.print(files)
	for i, dir := range dirs {
		if len(names) > 1 || l.recurse {
			if i > 0 || len(files) > 0 {
				fmt.Fprintln(l.Stdout)
			}
			fmt.Fprintf(l.Stdout, "%s:\n", dir)
		}
		if err := l.directory(dir); err != nil {
			result = err
		}
	}
	return result
}

func (l *lister) directory(dir string) error {
	found, err := os.ReadDir(dir)
	if err != nil {
		return l.Errorf("%v", err)
	}
	var entries []entry
	for _, e := range found {
		info, err := e.Info()
		if err != nil || !l.all && strings.HasPrefix(e.Name(), ".") {
			continue
		}
		entries = append(entries, entry{e.Name(), filepath.Join(dir, e.Name()), info})
	}
	l.print(entries)
	if !l.recurse {
		return nil
	}
	var result error
	for _, e := range entries {
		if e.info.IsDir() {
			fmt.Fprintf(l.Stdout, "\n%s:\n", e.path)
			if err := l.directory(e.path); err != nil {
				result = err
			}
		}
	}
	return result
}

type entry struct {
	name, path string
	info       fs.FileInfo
}

func (l *lister) print(entries []entry) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		order := strings.Compare(a.name, b.name)
		if l.byTime {
			order = b.info.ModTime().Compare(a.info.ModTime())
		}
		if l.reverse {
			order = -order
		}
		return order
	})
	if !l.long {
		for _, e := range entries {
			fmt.Fprintln(l.Stdout, e.name+l.mark(e.info))
		}
		return
	}
	var rows [][5]string
	for _, e := range entries {
		links, owner, group := ownership(e.info)
		size := fmt.Sprint(e.info.Size())
		if l.human {
			size = HumanBytes(e.info.Size())
		}
		rows = append(rows, [5]string{modeString(e.info.Mode()), fmt.Sprint(links), owner, group, size})
	}
	var widths [5]int
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for i, e := range entries {
		row := rows[i]
		fmt.Fprintf(l.Stdout, "%s %*s %-*s %-*s %*s %s %s\n", row[0], widths[1], row[1], widths[2], row[2], widths[3], row[3],
			widths[4], row[4], e.info.ModTime().Format("Jan _2 2006 15:04"), l.longName(e))
	}
}

func (l *lister) longName(e entry) string {
	name := e.name + l.mark(e.info)
	if target, err := os.Readlink(e.path); err == nil && e.info.Mode()&fs.ModeSymlink != 0 {
		name += " -> " + target
	}
	return name
}

func (l *lister) mark(info fs.FileInfo) string {
	switch {
	case !l.classify:
		return ""
	case info.IsDir():
		return "/"
	case info.Mode()&fs.ModeSymlink != 0:
		return "@"
	}
	return ""
}

func ownership(info fs.FileInfo) (links uint64, owner, group string) {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1, "?", "?"
	}
	return uint64(sys.Nlink), userName(sys.Uid), groupName(sys.Gid) //nolint:unconvert // 32 bits wide on arm64
}
