package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Chmod changes permissions.
func Chmod(_ context.Context, p *applet.Process) error {
	// A mode such as -w or -x looks like an option: take it out first.
	var removal string
	for i, arg := range p.Args {
		if len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "rwxst") == "" {
			removal = arg
			p.Args = append(append([]string{}, p.Args[:i]...), p.Args[i+1:]...)
			break
		}
	}
	var recurse bool
	set := opt.New("[-R] MODE FILE...", "Change permissions. MODE is octal (644) or u+x, go-w, a=r, joined by commas.")
	set.Bool(&recurse, 'R', "recursive", "directories with all they hold")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	if removal != "" {
		operands = append([]string{removal}, operands...)
	}
	if len(operands) < 2 {
		return applet.Usagef("want MODE FILE...")
	}
	change, err := parseMode(operands[0])
	if err != nil {
		return applet.Usagef("%v", err)
	}
	return eachFile(p, operands[1:], recurse, func(path string, info fs.FileInfo) error {
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil
		}
		return os.Chmod(path, unixMode(change(modeBits(info.Mode()), info.IsDir())))
	})
}

// Chown changes owner and group.
func Chown(_ context.Context, p *applet.Process) error {
	var recurse bool
	set := opt.New("[-R] USER[:GROUP] FILE...", "Change owner and group, by name or number.")
	set.Bool(&recurse, 'R', "recursive", "directories with all they hold")
	operands, err := p.Parse(set)
	if err != nil {
		return err
	}
	if len(operands) < 2 {
		return applet.Usagef("want USER[:GROUP] FILE...")
	}
	uid, gid, err := parseOwner(operands[0])
	if err != nil {
		return err
	}
	return eachFile(p, operands[1:], recurse, func(path string, _ fs.FileInfo) error {
		return os.Lchown(path, uid, gid)
	})
}

func parseOwner(owner string) (uid, gid int, err error) {
	name, group, _ := strings.Cut(owner, ":")
	uid, gid = -1, -1
	if name != "" {
		if uid, err = strconv.Atoi(name); err != nil {
			u, lookupErr := user.Lookup(name)
			if lookupErr != nil {
				return 0, 0, lookupErr
			}
			uid, _ = strconv.Atoi(u.Uid)
		}
	}
	if group != "" {
		if gid, err = strconv.Atoi(group); err != nil {
			g, lookupErr := user.LookupGroup(group)
			if lookupErr != nil {
				return 0, 0, lookupErr
			}
			gid, _ = strconv.Atoi(g.Gid)
		}
	}
	return uid, gid, nil
}

// eachFile calls f for every file named and, if asked, all below.
func eachFile(p *applet.Process, names []string, recurse bool, f func(string, fs.FileInfo) error) error {
	return each(p, names, func(name string) error {
		if !recurse {
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			return f(name, info)
		}
		return filepath.Walk(name, func(path string, info fs.FileInfo, err error) error {
			if err != nil {
				return err
			}
			return f(path, info)
		})
	})
}

// parseMode returns the function from old mode bits to new ones.
func parseMode(mode string) (func(old uint32, dir bool) uint32, error) {
	if bits, err := strconv.ParseUint(mode, 8, 12); err == nil {
		return func(uint32, bool) uint32 { return uint32(bits) }, nil
	}
	var clauses []func(uint32, bool) uint32
	for _, text := range strings.Split(mode, ",") {
		clause, err := parseClause(text)
		if err != nil {
			return nil, err
		}
		clauses = append(clauses, clause)
	}
	return func(old uint32, dir bool) uint32 {
		for _, clause := range clauses {
			old = clause(old, dir)
		}
		return old
	}, nil
}

// parseClause reads one of u+x, go-w, a=r, +x.
func parseClause(text string) (func(uint32, bool) uint32, error) {
	at := strings.IndexAny(text, "+-=")
	if at < 0 || strings.Trim(text[:at], "ugoa") != "" || strings.Trim(text[at+1:], "rwxXst") != "" {
		return nil, fmt.Errorf("bad mode %q: want octal (644) or clauses such as u+x", text)
	}
	who, op, what := text[:at], text[at], text[at+1:]
	if who == "" || strings.Contains(who, "a") {
		who = "ugo"
	}
	return func(old uint32, dir bool) uint32 {
		var bits, mask uint32
		for _, w := range who {
			shift := map[rune]uint32{'u': 6, 'g': 3, 'o': 0}[w]
			mask |= 7 << shift
			bits |= permission(what, old, dir) << shift
			if strings.Contains(what, "s") && w != 'o' {
				bits |= 0o1000 << (shift / 3)
			}
		}
		if strings.Contains(what, "t") {
			bits |= 0o1000
		}
		switch op {
		case '+':
			return old | bits
		case '-':
			return old &^ bits
		}
		return old&^mask | bits
	}, nil
}

func permission(what string, old uint32, dir bool) uint32 {
	var bits uint32
	for _, c := range what {
		switch {
		case c == 'r':
			bits |= 4
		case c == 'w':
			bits |= 2
		case c == 'x', c == 'X' && (dir || old&0o111 != 0):
			bits |= 1
		}
	}
	return bits
}
