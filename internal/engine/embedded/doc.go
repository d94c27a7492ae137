// Package embedded is the engine that runs Kubernetes without Docker: each node
// is a process tree in namespaces of its own, started by this process and
// ended with it. It needs Linux and root.
//
// A node's first process is labinit (internal/node), which starts containerd
// and labkube. This package makes the cgroups the node lives in, the listener
// on the host's loopback that its API server answers on, and the user-space
// network (package gateway) that joins the nodes. Nothing else is made on the
// host, and all of it can be found without any state: cgroups by their place,
// processes by their command line.
package embedded

import "log/slog"

// Name is the word users type.
const Name = "embedded"

// Config is what the engine has to know to be asked anything.
type Config struct {
	Log *slog.Logger
	// Bin is the directory of labctl's helper binaries, Home where environments
	// are kept. Both may be missing; Probe then says so.
	Bin, Home string
}
