package files

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Stat prints what the kernel knows about files.
func Stat(_ context.Context, p *applet.Process) error {
	format := ""
	follow := false
	set := opt.New("[-L] [-c FORMAT] FILE...", "Print a file's type, size, owner, mode and times.")
	set.String(&format, 'c', "format", "print this: %n name, %s size, %a octal mode, %A mode, %u %U owner, %g %G group, %Y mtime, %F type")
	set.Bool(&follow, 'L', "dereference", "follow symbolic links")
	names, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return applet.Usagef("missing operand")
	}
	if format == "" {
		format = "  File: %n\n  Type: %F\n  Size: %s\n  Mode: %a (%A)\n Owner: %u (%U)\n Group: %g (%G)\nModify: %y"
	}
	return each(p, names, func(name string) error {
		read := os.Lstat
		if follow {
			read = os.Stat
		}
		info, err := read(name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Stdout, formatStat(format, name, info))
		return err
	})
}

func formatStat(format, name string, info os.FileInfo) string {
	var uid, gid uint32
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		uid, gid = sys.Uid, sys.Gid
	}
	kind := "regular file"
	switch {
	case info.IsDir():
		kind = "directory"
	case info.Mode()&os.ModeSymlink != 0:
		kind = "symbolic link"
	case !info.Mode().IsRegular():
		kind = "special file"
	}
	return strings.NewReplacer(
		"%n", name, "%s", fmt.Sprint(info.Size()), "%F", kind,
		"%a", fmt.Sprintf("%o", modeBits(info.Mode())), "%A", modeString(info.Mode()),
		"%u", fmt.Sprint(uid), "%U", userName(uid), "%g", fmt.Sprint(gid), "%G", groupName(gid),
		"%Y", fmt.Sprint(info.ModTime().Unix()), "%y", info.ModTime().Format("2006-01-02 15:04:05.000 -0700"),
		"%%", "%",
	).Replace(format)
}
