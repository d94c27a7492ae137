package procs

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// ID prints user and group ids.
func ID(_ context.Context, p *applet.Process) error {
	var onlyUser, onlyGroup, names bool
	set := opt.New("[-u | -g] [-n]", "Print user and group ids.")
	set.Bool(&onlyUser, 'u', "user", "only the user id")
	set.Bool(&onlyGroup, 'g', "group", "only the group id")
	set.Bool(&names, 'n', "name", "the name instead of the number")
	if _, err := p.Parse(set); err != nil {
		return err
	}
	uid, gid := os.Geteuid(), os.Getegid()
	switch {
	case onlyUser && names:
		fmt.Fprintln(p.Stdout, userName(uid))
	case onlyUser:
		fmt.Fprintln(p.Stdout, uid)
	case onlyGroup && names:
		fmt.Fprintln(p.Stdout, groupName(gid))
	case onlyGroup:
		fmt.Fprintln(p.Stdout, gid)
	default:
		groups, err := os.Getgroups()
		if err != nil {
			return err
		}
		all := []string{labelled(gid, groupName(gid))}
		for _, g := range groups {
			if g != gid {
				all = append(all, labelled(g, groupName(g)))
			}
		}
		fmt.Fprintf(p.Stdout, "uid=%s gid=%s groups=%s\n", labelled(uid, userName(uid)), all[0], strings.Join(all, ","))
	}
	return nil
}

func labelled(id int, name string) string {
	if name == strconv.Itoa(id) {
		return name
	}
	return fmt.Sprintf("%d(%s)", id, name)
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

func groupName(gid int) string {
	if g, err := user.LookupGroupId(strconv.Itoa(gid)); err == nil {
		return g.Name
	}
	return strconv.Itoa(gid)
}

// Whoami prints the user's name.
func Whoami(_ context.Context, p *applet.Process) error {
	if _, err := p.Operands("", "Print the user's name.", 0); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.Stdout, userName(os.Geteuid()))
	return err
}

// Hostname prints the host's name, in a pod the pod's.
func Hostname(_ context.Context, p *applet.Process) error {
	if _, err := p.Operands("", "Print the host's name, which in a pod is the pod's.", 0); err != nil {
		return err
	}
	name, err := os.Hostname()
	if err == nil {
		_, err = fmt.Fprintln(p.Stdout, name)
	}
	return err
}

// Uname prints facts about the kernel.
func Uname(_ context.Context, p *applet.Process) error {
	wanted := make([]bool, 6)
	var all bool
	set := opt.New("[-asnrvm]", "Print facts about the kernel.")
	for i, o := range []struct {
		short rune
		help  string
	}{
		{'s', "its name (default)"}, {'n', "the host's name"}, {'r', "its release"}, {'v', "its build"}, {'m', "the machine type"}, {'o', "the operating system"},
	} {
		set.Bool(&wanted[i], o.short, "", o.help)
	}
	set.Bool(&all, 'a', "all", "all of them")
	if _, err := p.Parse(set); err != nil {
		return err
	}
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		return err
	}
	facts := []string{cString(u.Sysname[:]), cString(u.Nodename[:]), cString(u.Release[:]), cString(u.Version[:]), cString(u.Machine[:]), "Linux"}
	var out []string
	for i, fact := range facts {
		if wanted[i] || all {
			out = append(out, fact)
		}
	}
	if len(out) == 0 {
		out = facts[:1]
	}
	_, err := fmt.Fprintln(p.Stdout, strings.Join(out, " "))
	return err
}

// cString reads a C string; its element type differs between architectures.
func cString[T int8 | uint8](field []T) string {
	var b strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}
