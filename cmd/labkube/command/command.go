// Package command is labkube's command line. labinit and labctl are its users,
// not people, save for kubectl, which is all there is of it outside Linux.
package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"labctl.dev/labctl/cmd/labkube/kubectl"
)

const usage = `usage: labkube server  --node-name NAME --node-ip IP --index 1 --data-dir DIR --api-fd 3 --control-fd 4
       labkube agent   --node-name NAME --node-ip IP --index N --data-dir DIR --control-fd 4
       labkube kubectl ...   (also when the program is called kubectl)`

// Main runs the program with args, its name first, and returns the exit code.
func Main(ctx context.Context, args []string) int {
	if filepath.Base(args[0]) == "kubectl" {
		return kubectl.Main(args)
	}
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		return 2
	}
	switch args[1] {
	case "kubectl":
		return kubectl.Main(args[1:])
	case "server", "agent":
		return runNode(ctx, args[1], args[2:])
	}
	fmt.Fprintf(os.Stderr, "labkube: there is no command %q\n%s\n", args[1], usage)
	return 2
}
