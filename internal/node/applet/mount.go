//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Exit codes of mount(8) that callers look at.
const (
	exitUsage  = 1
	exitFailed = 32
)

// request is one call of mount(8), understood.
type request struct {
	source, target, kind string
	flags                uintptr
	propagation          uintptr // applied in a call of its own, as the kernel wants
	data                 []string
}

// Mount is mount(8) as far as kubelet and its volumes use it.
func Mount(args []string) int {
	if len(args) == 0 {
		return list()
	}
	r, err := parseMount(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		return exitUsage
	}
	if err := r.mount(); err != nil {
		fmt.Fprintf(os.Stderr, "mount: %s: %v\n", r.target, err)
		return exitFailed
	}
	return 0
}

// list prints what is mounted.
func list() int {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		return exitFailed
	}
	if _, err := os.Stdout.Write(mounts); err != nil {
		return exitFailed
	}
	return 0
}

func (r request) mount() error {
	if r.kind != "" || r.source != "" || r.flags&unix.MS_REMOUNT != 0 {
		if err := r.attach(); err != nil {
			return err
		}
	}
	if r.propagation != 0 {
		return unix.Mount("", r.target, "", r.propagation, "")
	}
	return nil
}

func (r request) attach() error {
	const binding = unix.MS_BIND | unix.MS_REC
	data := strings.Join(r.data, ",")
	if r.flags&unix.MS_BIND == 0 || r.flags&unix.MS_REMOUNT != 0 {
		return unix.Mount(r.source, r.target, r.kind, r.flags, data)
	}
	// A bind takes no other flag; they are set by a remount.
	if err := unix.Mount(r.source, r.target, "", r.flags&binding, ""); err != nil {
		return err
	}
	if r.flags&^binding == 0 {
		return nil
	}
	return unix.Mount("", r.target, "", r.flags|unix.MS_REMOUNT, data)
}

// parseMount understands [-t TYPE] [-o OPTIONS] [--bind|--make-…] [SOURCE] TARGET.
func parseMount(args []string) (request, error) {
	var r request
	var paths []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		value := func() (string, error) {
			if i++; i >= len(args) {
				return "", fmt.Errorf("%s needs a value", arg)
			}
			return args[i], nil
		}
		var err error
		switch {
		case arg == "-t" || arg == "--types":
			r.kind, err = value()
		case arg == "-o" || arg == "--options":
			var options string
			if options, err = value(); err == nil {
				r.option(options)
			}
		case arg == "-n" || arg == "--no-mtab" || arg == "--no-canonicalize" || arg == "-c" || arg == "--":
		case arg == "-r" || arg == "--read-only":
			r.option("ro")
		case arg == "-B" || arg == "-R":
			r.option(map[string]string{"-B": "bind", "-R": "rbind"}[arg])
		case strings.HasPrefix(arg, "--"):
			if !r.known(strings.TrimPrefix(arg, "--")) {
				err = fmt.Errorf("unknown option %s", arg)
			}
		case strings.HasPrefix(arg, "-"):
			err = fmt.Errorf("unknown option %s", arg)
		default:
			paths = append(paths, arg)
		}
		if err != nil {
			return r, err
		}
	}
	return r.at(paths)
}

func (r request) at(paths []string) (request, error) {
	switch len(paths) {
	case 1:
		r.target = paths[0]
		if r.flags&unix.MS_REMOUNT == 0 && r.propagation == 0 {
			return r, errors.New("what to mount is missing: there is no fstab here")
		}
	case 2:
		r.source, r.target = paths[0], paths[1]
	default:
		return r, errors.New("usage: mount [-t TYPE] [-o OPTIONS] [SOURCE] TARGET")
	}
	return r, nil
}

// option takes a list as follows -o; what mount itself does not know is for the
// file system.
func (r *request) option(list string) {
	for o := range strings.SplitSeq(list, ",") {
		if o != "" && !r.known(o) {
			r.data = append(r.data, o)
		}
	}
}

// known applies an option that is mount's own.
func (r *request) known(option string) bool {
	if f, ok := setting(option); ok {
		r.flags |= f
		return true
	}
	if f, ok := clearing(option); ok {
		r.flags &^= f
		return true
	}
	if p, ok := propagation(strings.TrimPrefix(option, "make-")); ok {
		r.propagation = p
		return true
	}
	return option == "defaults" || option == "_netdev" || option == "nofail" || option == "auto" || option == "noauto"
}
