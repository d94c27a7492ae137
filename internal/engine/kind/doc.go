// Package kind is the engine for machines with Docker: kind
// (https://kind.sigs.k8s.io) runs each node in a container of the user's own
// Docker Engine. It needs no root beyond what Docker takes.
//
// Everything it makes carries kind's label with a cluster's name that begins
// with labctl-, so that it can be found without any state; other clusters of
// kind's are never touched. All clusters share one network, which goes with the
// last of them.
package kind

import (
	"log/slog"

	"labctl.dev/labctl/internal/engine"
)

// Name is the word users type.
const Name = "kind"

const (
	// clusterLabel and roleLabel are kind's, on each of its containers.
	clusterLabel = "io.x-k8s.kind.cluster"
	roleLabel    = "io.x-k8s.kind.role"
	controlPlane = "control-plane"
	// apiPort is the API server's, inside of the first node.
	apiPort = "6443/tcp"

	clusterPrefix = "labctl-"
	networkName   = "labctl-kind"
	maxNodes      = 3
)

// Config is what the engine has to know to be asked anything.
type Config struct {
	Log *slog.Logger
	// Bin is the directory of labctl's helper binaries. It may hold a node image,
	// and the docker command for machines that have only the engine.
	Bin string
	// Getenv finds the user's Docker Engine, as os.Getenv.
	Getenv func(string) string
}

// clusterName is what kind calls the cluster.
func clusterName(id engine.ID) string { return clusterPrefix + string(id) }
