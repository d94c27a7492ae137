package command

import (
	"context"
	"os/signal"
	"syscall"

	"labctl.dev/labctl/cmd/labkube/agent"
	"labctl.dev/labctl/cmd/labkube/server"
)

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
