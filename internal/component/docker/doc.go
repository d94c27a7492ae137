// Package docker gives an environment a Docker Engine: the user's own, in which
// the environment is a guest (guest.go), or one of labctl's, built from its module,
// in namespaces of its own like the nodes of an embedded cluster (own.go). The
// learner reaches either through a socket in the environment's directory, behind
// package proxy. Ports that containers publish are the host's: the user's engine
// sees to it itself, from ours they are forwarded to the host's loopback.
//
// In the user's engine, what the environment makes carries its label, and an empty
// volume that the learner does not see says where its state is (marker.go): so
// everything is found again without that state, and what belongs to another home
// is left alone. Build caches of BuildKit belong to nobody, and stay.
package docker

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"labctl.dev/labctl/internal/component"
)

const (
	// machineName is the name of the machine that an engine of ours runs in.
	machineName = "docker"
	// socketName is the learner's socket, in the component's directory.
	socketName = "docker.sock"
	// configDir is the learner's configuration of the docker command, likewise.
	configDir = "config"

	// startTimeout is generous: an engine of ours needs a second.
	startTimeout = time.Minute
	// stopGrace is how long what runs may take to end by itself.
	stopGrace    = 3 * time.Second
	closeTimeout = 10 * time.Second
	// resetTimeout bounds removing what the learner made, which is looked for
	// again every resetEvery until nothing is left.
	resetTimeout = time.Minute
	resetEvery   = 100 * time.Millisecond
)

// Component is the component "docker".
type Component struct {
	Log *slog.Logger
	// Getenv finds the user's Docker Engine, as os.Getenv; nil if there is none.
	Getenv func(string) string
}

var (
	_ component.Component = Component{}
	_ component.Finder    = Component{}
)

// Name is "docker".
func (Component) Name() string { return "docker" }

// Programs are the docker command; its plugins are found by its configuration.
func (Component) Programs() []string { return []string{"docker"} }

// Variables point the docker command at the learner's socket.
func (Component) Variables(spec component.Spec) []string {
	return []string{
		"DOCKER_HOST=unix://" + filepath.Join(spec.Dir, socketName),
		"DOCKER_CONFIG=" + filepath.Join(spec.Dir, configDir),
	}
}

// Probe asks the user's engine, or tries what one of ours needs.
func (Component) Probe(ctx context.Context, bin, home, existing string) (component.Missing, error) {
	if existing == "" {
		return probeOwn(ctx, bin, home)
	}
	return probeGuest(ctx, existing)
}

// Up starts an engine of ours, or moves into the user's, and opens the learner's
// way to it.
func (c Component) Up(ctx context.Context, spec component.Spec, led component.Ledger, progress func(string)) (component.Running, error) {
	if err := checkSocketPath(spec); err != nil {
		return nil, err
	}
	if spec.Existing == "" {
		return c.upOwn(ctx, spec, led, progress)
	}
	return c.upGuest(ctx, spec, led, progress)
}

// Down ends an engine of ours whoever holds it, or takes what the environment made
// out of the user's, and removes the component's files.
func (Component) Down(ctx context.Context, spec component.Spec) error {
	end := func() error { return endOwn(ctx, spec.ID) }
	if spec.Existing != "" {
		end = func() error { return moveOut(ctx, spec) }
	}
	if err := end(); err != nil {
		return err
	}
	if err := os.RemoveAll(spec.Dir); err != nil {
		return fmt.Errorf("remove the data of Docker: %w", err)
	}
	return nil
}
