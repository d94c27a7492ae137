//go:build linux

// Package initd is PID 1 of an embedded node: it builds the node's root file
// system, devices, cgroups and network out of the namespaces it was started
// in, then starts the node's components and minds them until it is told to
// end. When it ends, the kernel ends everything in its PID namespace.
package initd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/node"
)

// Main runs the node that the environment describes and returns the exit code.
func Main() int {
	out := &reporter{w: os.Stdout, start: time.Now()}
	if err := run(out); err != nil {
		fmt.Fprintln(os.Stderr, "labinit:", err)
		out.report(node.Event{Event: node.Failed, Component: "node", Error: err.Error()})
		return 1
	}
	return 0
}

func run(out *reporter) error {
	var cfg node.Config
	if err := json.Unmarshal([]byte(os.Getenv(node.ConfigEnv)), &cfg); err != nil {
		return fmt.Errorf("read %s: %w", node.ConfigEnv, err)
	}
	if os.Getpid() != 1 {
		return errors.New("labinit node has to be the first process of a PID namespace; labctl start makes one")
	}
	if os.Getenv(secondStage) == "" {
		return firstStage(cfg)
	}
	// The engine's end closes our standard input; then nobody is left to mind
	// the node.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM, syscall.SIGINT)

	for fd := node.APIFD; fd <= node.LinkFD; fd++ {
		syscall.CloseOnExec(fd)
	}
	for fd := dataFD; fd < firstBindFD+len(cfg.Binds); fd++ {
		syscall.CloseOnExec(fd)
	}
	if err := boot(cfg); err != nil {
		return err
	}
	out.report(node.Event{Event: node.Booted, Component: "node"})
	return mind(cfg, out, term)
}

// boot turns fresh namespaces into a node.
func boot(cfg node.Config) error {
	if err := syscall.Sethostname([]byte(cfg.Name)); err != nil {
		return fmt.Errorf("set the hostname: %w", err)
	}
	if err := enterRoot(cfg); err != nil {
		return err
	}
	if err := mountCgroups(cfg.Cgroups); err != nil {
		return err
	}
	if err := setUpNetwork(cfg); err != nil {
		return err
	}
	return writeFiles(cfg)
}
