//go:build linux

// Command labinit is the first process of a node of the embedded engine, and
// the small programs that a node needs under other names. See internal/node.
package main

import (
	"fmt"
	"os"

	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/node/applet"
	"labctl.dev/labctl/internal/node/initd"
)

func main() { os.Exit(run(os.Args)) }

func run(args []string) int {
	if a := applet.Named(args[0]); a != nil {
		return a(args[1:])
	}
	if len(args) > 1 {
		if a := applet.Named(args[1]); a != nil {
			return a(args[2:])
		}
		switch args[1] {
		case node.Command:
			return initd.Main()
		case node.ProbeCommand:
			return initd.Probe()
		}
	}
	fmt.Fprintln(os.Stderr, "labinit is the first process of a node; labctl start runs it")
	return 2
}
