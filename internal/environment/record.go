package environment

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"labctl.dev/labctl/internal/engine"
)

// recordVersion is the version of env.json that this labctl writes.
const recordVersion = 1

// Phase is how far an environment's life has got, as last written down. Whether
// its supervisor is alive is another question: see Alive.
type Phase string

// The phases.
const (
	Creating Phase = "creating" // the start has not finished; not resumable
	Ready    Phase = "ready"    // started; resumable when its supervisor is gone
	Stopping Phase = "stopping" // being removed; not resumable
)

// Record is env.json: what is known of an environment.
type Record struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	// Lab is the slug; Dir is the directory it came from, empty for the catalogue.
	Lab    string `json:"lab"`
	LabDir string `json:"labDir,omitempty"`
	// Digest is the content of the lab at the start.
	Digest string    `json:"digest"`
	Engine string    `json:"engine"`
	ID     engine.ID `json:"id"`
	Nodes  int       `json:"nodes"`
	// Components are the parts beside the cluster, in the order of their start.
	Components []string `json:"components,omitempty"`
	// Docker is the address of the user's own Docker Engine if the environment is a
	// guest in it; empty if it has one of labctl's, or none.
	Docker string `json:"docker,omitempty"`
	Port   int    `json:"port,omitempty"` // the last one of the API server
	Seed   uint64 `json:"seed"`
	Phase  Phase  `json:"phase"`

	Created time.Time `json:"created"`
	// ReadyMs and Steps are those of the last start.
	ReadyMs int64      `json:"readyMs"`
	Steps   []StepTime `json:"steps"`
	// Capabilities are what the engine's clusters have.
	Capabilities []engine.Capability `json:"capabilities,omitempty"`
	// Unassessable lists "task/check" that this engine cannot judge.
	Unassessable []string `json:"unassessable,omitempty"`
	// Workspace is the digest of the workspace as it was filled, by file.
	Workspace map[string]string `json:"workspace,omitempty"`
}

// StepTime is how long one step took.
type StepTime struct {
	Name string `json:"name"`
	Ms   int64  `json:"ms"`
}

// readRecord reads an environment's env.json.
func readRecord(dir string) (Record, error) {
	name := filepath.Base(dir)
	path := filepath.Join(dir, "env.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, noEnvironment(name)
	}
	if err != nil {
		return Record{}, problem(CodeState, "", err, "cannot read the environment %q", name)
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, corrupt(name, path, err)
	}
	switch {
	case r.Version > recordVersion:
		return Record{}, problem(CodeCorruptState, "Use the labctl that made it, or remove it with `labctl stop --env "+name+"`.", nil,
			"the environment %q was made by a newer labctl (state version %d, this one knows %d)", name, r.Version, recordVersion)
	case r.Version < 1 || r.Name == "" || r.Lab == "" || r.ID == "":
		return Record{}, corrupt(name, path, errors.New("required fields are missing"))
	}
	return r, nil
}

func noEnvironment(name string) error {
	return problem(CodeNoEnvironment, "Run `labctl start LAB` to make one, `labctl list` to see the labs.", nil,
		"there is no environment %q", name)
}

func corrupt(name, path string, err error) error {
	return problem(CodeCorruptState,
		"Run `labctl stop --env "+name+"` to remove the environment; the files in its workspace are kept.", err,
		"the state of environment %q is damaged (%s)", name, path)
}

// writeRecord replaces env.json.
func (h Home) writeRecord(r Record) error {
	r.Version = recordVersion
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return h.Write(filepath.Join(h.EnvDir(r.Name), "env.json"), append(data, '\n'), 0o644)
}
