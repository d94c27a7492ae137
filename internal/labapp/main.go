package labapp

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"labctl.dev/labctl/internal/labapp/applet"
)

// Has reports whether there is an applet of this name.
func Has(name string) bool {
	_, ok := find(name)
	return ok
}

func find(name string) (applet.Applet, bool) {
	for _, a := range Applets() {
		if a.Name == name {
			return a, true
		}
	}
	return applet.Applet{}, false
}

// Main runs the applet that argv chooses and returns its exit code: 127 when
// there is no such applet.
func Main(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) int {
	name, args := filepath.Base(argv[0]), argv[1:]
	if !Has(name) {
		if len(args) == 0 || args[0] == "--help" {
			usage(stdout)
			return 0
		}
		if args[0] == "--list" {
			for _, a := range Applets() {
				fmt.Fprintln(stdout, a.Name)
			}
			return 0
		}
		name, args = filepath.Base(args[0]), args[1:]
	}
	a, ok := find(name)
	if !ok {
		fmt.Fprintf(stderr, "labapp: no applet %q (labapp --list names them)\n", name)
		return 127
	}
	p := &applet.Process{Name: name, Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr}
	return p.Code(a.Run(ctx, p))
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Usage: labapp APPLET [ARG...]   (or call it by a link named as the applet)")
	fmt.Fprintln(w, "       labapp --list\n\nApplets (each has --help):")
	for _, a := range Applets() {
		fmt.Fprintf(w, "  %-10s %s\n", a.Name, a.Summary)
	}
}
