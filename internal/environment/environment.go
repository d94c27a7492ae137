// Package environment is the life of an environment: a lab, the engine that
// runs it, the learner's workspace, and the state directory that remembers
// them. The lifecycle (start, resume, reset, stop) runs inside the supervisor,
// see environment/supervisor; everything else needs no privileges.
package environment

import (
	"path/filepath"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/ledger"
)

// Environment is one environment as its state directory describes it.
type Environment struct {
	Home Home
	Record
	// Hints counts the hints shown, by task.
	Hints map[string]int
}

// Open reads an environment's state. The name may be empty, then it is the
// current one.
func (h Home) Open(name string) (*Environment, error) {
	if name == "" {
		current, err := h.Current()
		if err != nil {
			return nil, err
		}
		if current == "" {
			return nil, h.noCurrent()
		}
		name = current
	}
	if !ValidName(name) {
		return nil, noEnvironment(name)
	}
	r, err := readRecord(h.EnvDir(name))
	if err != nil {
		return nil, err
	}
	e := &Environment{Home: h, Record: r}
	e.Hints, err = e.readHints()
	return e, err
}

func (h Home) noCurrent() error {
	names, err := h.Names()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return problem(CodeNoEnvironment, "Run `labctl start LAB` to make one, `labctl list` to see the labs.", nil,
			"there is no environment yet")
	}
	return problem(CodeNoEnvironment, "Name one with --env; `labctl status --all` lists them.", nil,
		"none of the %d environments is the current one", len(names))
}

// Save writes the record down.
func (e *Environment) Save() error { return e.Home.writeRecord(e.Record) }

// Dir is the environment's state directory.
func (e *Environment) Dir() string { return e.Home.EnvDir(e.Name) }

// WorkspaceDir is the learner's directory.
func (e *Environment) WorkspaceDir() string { return filepath.Join(e.Dir(), "workspace") }

// Kubeconfig is the learner's kubeconfig; it exists if the lab has a cluster.
func (e *Environment) Kubeconfig() string { return filepath.Join(e.Dir(), "kubeconfig") }

// AdminKubeconfig is labctl's own kubeconfig, likewise.
func (e *Environment) AdminKubeconfig() string { return filepath.Join(e.Dir(), "admin.kubeconfig") }

// Ledger is the environment's journal.
func (e *Environment) Ledger() *ledger.Ledger {
	return ledger.At(filepath.Join(e.Dir(), "ledger.jsonl"))
}

// SnapshotDir holds the copy of a lab that came from a directory, so that later
// edits there do not change what a running environment is judged by.
func (e *Environment) SnapshotDir() string { return filepath.Join(e.Dir(), "lab") }

// engineDir is for the engine's own use.
func (e *Environment) engineDir() string { return filepath.Join(e.Dir(), "engine") }

// PartDir is for a component's own use.
func (e *Environment) PartDir(name string) string { return filepath.Join(e.Dir(), "parts", name) }

// Part is what the environment asks of one of its components.
func (e *Environment) Part(name, bin string) component.Spec {
	return component.Spec{
		ID: string(e.ID), Dir: e.PartDir(name), Bin: bin, Workspace: e.WorkspaceDir(), UID: e.Home.Owner.UID, GID: e.Home.Owner.GID,
		Existing: e.Docker,
	}
}

// SocketPath is where the supervisor listens.
func (e *Environment) SocketPath() string { return SocketPath(e.Dir()) }

// SocketPath is where the supervisor of the environment in dir listens.
func SocketPath(dir string) string { return filepath.Join(dir, "supervisor.sock") }

// LogPath is the supervisor's log in the environment's directory.
func LogPath(dir string) string { return filepath.Join(dir, "supervisor.log") }
