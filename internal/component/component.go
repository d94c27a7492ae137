// Package component says what a part of an environment beside its cluster is:
// a Docker Engine, a registry, a git server. The parts are the packages below.
package component

import (
	"context"
	"io"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/ledger"
)

// Component is a kind of part that a lab's needs can name.
type Component interface {
	// Name is the word under needs.components.
	Name() string
	// Probe says what is missing on this machine for Up to work; nothing if its
	// What is empty. It changes nothing. See Spec about existing.
	Probe(ctx context.Context, bin, home, existing string) (Missing, error)
	// Variables are what a program in the learner's shell finds the part by, each
	// NAME=VALUE.
	Variables(spec Spec) []string
	// Programs are those of labctl's helper binaries that belong on the PATH of the
	// learner's shell.
	Programs() []string
	// Up brings the part to life, on the data of an earlier one with the same
	// Spec.Dir if there is any. Each outside resource is in the ledger before it is
	// made. When Up fails or is cancelled, no process of it stays.
	Up(ctx context.Context, spec Spec, led Ledger, progress func(string)) (Running, error)
	// Down removes the part and everything made for it, also after a crash. It is
	// idempotent.
	Down(ctx context.Context, spec Spec) error
}

// Spec is what an environment asks of a component.
type Spec struct {
	// ID names the environment on this machine; the engine.ID of its cluster.
	ID string
	// Dir is a directory for the component's own use. Up creates it, Down removes it.
	Dir string
	// Bin is the directory of labctl's helper binaries.
	Bin string
	// Workspace is the learner's directory.
	Workspace string
	// UID and GID are who the learner is.
	UID, GID int
	// Existing is the address of what the user has already and the part is to be made
	// of: their own Docker Engine. If it is empty, labctl brings its own.
	Existing string
}

// Missing is something that a component needs and this machine lacks.
type Missing struct{ What, Remedy string }

// Running is a part that lives.
type Running interface {
	// LoadImages takes a lab's images, as an OCI-layout tar.
	LoadImages(ctx context.Context, tar io.Reader) error
	// Baseline remembers the present state as the one Reset returns to.
	Baseline(ctx context.Context) error
	// Reset takes away whatever the learner made of it.
	Reset(ctx context.Context) error
	// Health fails unless the part works now.
	Health(ctx context.Context) error
	// Done is closed when the part has ended; Err then says why, and is nil if Close
	// ended it.
	Done() <-chan struct{}
	Err() error
	// Close ends it and keeps its data for another Up.
	Close(ctx context.Context) error
}

// Finder is a Component that finds what it once made on this machine and is still
// there, without any state directory, and removes it. See engine.Engine, whose
// methods of these names have the same contracts.
type Finder interface {
	Leftovers(ctx context.Context) ([]engine.Resource, error)
	Remove(ctx context.Context, r engine.Resource) error
}

// Ledger is where a resource is written down before it is made. *ledger.Ledger
// is one.
type Ledger interface {
	Begin(ledger.Entry) (ledger.Token, error)
	End(ledger.Token) error
}
