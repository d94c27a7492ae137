//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Umount is umount(8) as far as kubelet uses it. Kubelet relies on the words
// "not mounted".
func Umount(args []string) int {
	flags, targets, err := parseUmount(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "umount:", err)
		return exitUsage
	}
	code := 0
	for _, target := range targets {
		err := unix.Unmount(target, flags)
		switch {
		case errors.Is(err, unix.EINVAL):
			fmt.Fprintf(os.Stderr, "umount: %s: not mounted.\n", target)
			code = exitFailed
		case errors.Is(err, unix.ENOENT):
			fmt.Fprintf(os.Stderr, "umount: %s: no mount point specified.\n", target)
			code = exitFailed
		case err != nil:
			fmt.Fprintf(os.Stderr, "umount: %s: %v\n", target, err)
			code = exitFailed
		}
	}
	return code
}

func parseUmount(args []string) (flags int, targets []string, err error) {
	for _, arg := range args {
		f, known := detaching(arg)
		switch {
		case known:
			flags |= f
		case strings.HasPrefix(arg, "-"):
			return 0, nil, fmt.Errorf("unknown option %s", arg)
		default:
			targets = append(targets, arg)
		}
	}
	if len(targets) == 0 {
		return 0, nil, errors.New("usage: umount [-f] [-l] TARGET…")
	}
	return flags, targets, nil
}
