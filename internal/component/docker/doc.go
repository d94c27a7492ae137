// Package docker gives an environment a Docker Engine: one of its own, built
// from its module, in namespaces of its own like the nodes of an embedded
// cluster. The learner reaches it through a socket in the environment's
// directory, behind package proxy; ports that containers publish are forwarded
// to the host's loopback.
package docker

import (
	"log/slog"
	"path/filepath"

	"labctl.dev/labctl/internal/component"
)

const (
	// machineName is the name of the machine that the engine runs in.
	machineName = "docker"
	// socketName is the learner's socket, in the component's directory.
	socketName = "docker.sock"
	// configDir is the learner's configuration of the docker command, likewise.
	configDir = "config"
)

// Component is the component "docker".
type Component struct{ Log *slog.Logger }

var _ component.Component = Component{}

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
