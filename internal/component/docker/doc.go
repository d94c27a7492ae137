// Package docker gives an environment a Docker Engine: one of its own, built
// from its module, in namespaces of its own like the nodes of an embedded
// cluster. The learner reaches it through a socket in the environment's
// directory, behind package proxy; ports that containers publish are forwarded
// to the host's loopback.
package docker

const (
	// machineName is the name of the machine that the engine runs in.
	machineName = "docker"
	// socketName is the learner's socket, in the component's directory.
	socketName = "docker.sock"
)
