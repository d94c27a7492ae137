// Package command is labkube's command line. labinit and labctl are its users,
// not people, save for kubectl.
package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"labctl.dev/labctl/cmd/labkube/agent"
	"labctl.dev/labctl/cmd/labkube/kubectl"
	"labctl.dev/labctl/cmd/labkube/server"
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

// runNode runs until a signal says stop (exit code 0) or a component fails (1).
func runNode(ctx context.Context, kind string, args []string) int {
	log := newLogger()
	flags, err := parseFlags(kind, args)
	if err != nil {
		log.Error("cannot start", "error", err)
		return 2
	}
	hurry()
	settled := func() { settle(log) }
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if kind == "server" {
		err = server.Run(ctx, server.Options{Node: flags.node, API: flags.api, Control: flags.control, Log: log, Settled: settled})
	} else {
		err = agent.Run(ctx, agent.Options{Node: flags.node, Control: flags.control, Log: log, Settled: settled})
	}
	if err != nil {
		log.Error("node failed", "error", err)
		return 1
	}
	return 0
}
