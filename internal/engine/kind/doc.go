// Package kind is the engine for machines with Docker: kind
// (https://kind.sigs.k8s.io) runs each node in a container of the user's own
// Docker Engine. It needs no root beyond what Docker takes.
//
// The nodes carry kind's label with the cluster's name. That names no owner, and
// kind lets nobody add labels, so each cluster has an empty volume of the same name,
// made before it and removed after it, whose label is the directory of its state.
// With it everything can be found without that state; what has none is not
// labctl's, whatever its name. All clusters share one network, which goes with the
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
	// dirLabel is on a cluster's volume.
	dirLabel = "dev.labctl.kind.dir"
	maxNodes = 3
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
