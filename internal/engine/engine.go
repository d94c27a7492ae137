// Package engine says what provides the cluster of an environment. Drivers
// live in the packages below it; engine/enginetest holds the conformance suite
// that every one of them passes.
package engine

import (
	"context"
	"errors"
	"io"

	"labctl.dev/labctl/internal/ledger"
)

// ID names one cluster on this machine. It is a DNS label of at most 40
// characters, unique among the environments of every user of the machine, and
// never used again for another environment.
type ID string

// Engine provides clusters. An implementation is safe for concurrent use with
// different IDs; calls with one ID are serialised by the caller (the
// environment's lock).
//
// Every method returns soon after its context ends, with an error that wraps
// the context's. No method retries for longer than its context lives, and none
// leaves the caller to guess: an error says what happened, why, and what to do.
type Engine interface {
	// Name is the word users type: "embedded", "kind", "none".
	Name() string

	// Probe says what the engine can do on this machine, and if it cannot run
	// here, why and what would help. It changes nothing and takes well under a
	// second. An error means that the question itself could not be answered.
	Probe(context.Context) (Capabilities, error)

	// Up brings the cluster to life, or finds it alive: it is idempotent. Each
	// outside resource is in the ledger before it is made. When Up fails or is
	// cancelled, it has already removed what it made.
	Up(context.Context, Spec, Ledger, Progress) (Cluster, error)

	// Attach finds a cluster made earlier by Up, and starts it again when the
	// host or the process that held it went away. It fails with ErrNotFound
	// when there is nothing to attach to.
	Attach(context.Context, Spec, Ledger, Progress) (Cluster, error)

	// Down removes the cluster and everything made for it. It is idempotent,
	// works without the process that made the cluster, after a crash half way
	// through Up or Down, and returns nil when there is nothing to remove.
	Down(context.Context, Spec) error

	// Leftovers lists what this engine once made on this machine and that is
	// still there, found without any state directory. Resources of running
	// environments are in the list, too: the caller knows which those are.
	Leftovers(context.Context) ([]Resource, error)

	// Remove ends one resource that Leftovers listed. Idempotent.
	Remove(context.Context, Resource) error
}

// Spec is what an environment asks of an engine.
type Spec struct {
	ID ID
	// Dir is a directory for the engine's own use. The caller made its parent;
	// Up creates it, Down removes it.
	Dir string
	// Bin is the directory of labctl's helper binaries.
	Bin string
	// Nodes is the number of nodes wanted, at least 1.
	Nodes int
	// Owner gets the files that the learner has to read. Zero is root.
	Owner Owner
	// Port is the loopback port preferred for the API server; 0 lets the engine
	// choose. If it is taken, another is used: ask the Cluster.
	Port int
}

// Owner is the user that the learner's files belong to.
type Owner struct{ UID, GID int }

// Cluster is a running cluster.
type Cluster interface {
	// Kubeconfig is the path of a kubeconfig for labctl itself, readable by the
	// owner. Its user is an administrator. Empty when there is no cluster.
	Kubeconfig() string
	// LearnerKubeconfig is the same for the learner, under another user name, so
	// that the objects' managers and the audit log tell the two apart.
	LearnerKubeconfig() string
	// Port is the API server's port on the host's loopback; 0 without a cluster.
	Port() int
	// Health says whether the cluster works now. The error names the component
	// that does not, and whether it is being restarted.
	Health(context.Context) error
	// Done is closed when the cluster has ended or is broken beyond what the
	// engine mends by itself; Err then says why.
	Done() <-chan struct{}
	// Err is nil until Done is closed.
	Err() error
	// Close ends what this process holds of the cluster: for an engine whose
	// nodes are this process's children, the nodes; the data stays for Attach.
	Close(context.Context) error
}

// ImageLoader is a Cluster that takes images directly.
type ImageLoader interface {
	// LoadImages imports an OCI-layout tar into every node.
	LoadImages(context.Context, io.Reader) error
}

// Architect is a Cluster, or a component, whose containers may run on another
// processor architecture than labctl does: they are in a virtual machine, or labctl
// is being translated. Their images have to be for it.
type Architect interface {
	// Architecture is Go's word for it: amd64, arm64.
	Architecture(context.Context) (string, error)
}

// Settler is a Cluster whose nodes and DNS may still be getting ready when Up returns:
// images and manifests need not wait for them.
type Settler interface {
	// AwaitReady waits until pods can run on every node and find each other by name.
	AwaitReady(context.Context) error
}

// Resetter is a Cluster that returns to an earlier state faster than by being
// made anew.
type Resetter interface {
	// Baseline remembers the present state as the one Reset returns to.
	Baseline(context.Context) error
	// Reset returns to the baseline, volumes included, and starts nodes that are
	// off, for they were on then. Resource versions only grow, so watches go on.
	Reset(context.Context) error
}

// NodeController is a Cluster whose nodes can be lost and come back. A name that
// does not fit is a *NodeNameError.
type NodeController interface {
	StopNode(ctx context.Context, name string) error
	StartNode(ctx context.Context, name string) error
}

// NodeNameError says that a name is not that of a node which can be stopped or
// started.
type NodeNameError struct{ Reason string }

func (e *NodeNameError) Error() string { return e.Reason }

// Resource is something an engine made on this machine.
type Resource struct {
	ID     ID     `json:"id"`     // the cluster it belongs to
	Engine string `json:"engine"` // the engine's name
	Kind   string `json:"kind"`   // process, cgroup, mount, container, directory, …
	Name   string `json:"name"`   // pid, path, container id, …
	// Dir is the Spec.Dir of the cluster, where the engine knows it: as long as that
	// is there, the cluster is somebody's, even if nothing of it runs.
	Dir string `json:"-"`
}

// Ledger is where an engine writes down a resource before it makes it.
// *ledger.Ledger is one.
type Ledger interface {
	Begin(ledger.Entry) (ledger.Token, error)
	End(ledger.Token) error
}

// Progress receives what a long operation is doing, for a person to read. The
// engine calls it from one goroutine at a time. Nil is not allowed; use Quiet.
type Progress func(message string)

// Quiet is a Progress that tells nobody.
func Quiet(string) {}

// ErrNotFound says that there is no such cluster.
var ErrNotFound = errors.New("no such cluster")
