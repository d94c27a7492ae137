package environment

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/lab"
)

// workloadTimeout is how long a lab's workloads may take to be ready.
const workloadTimeout = 3 * time.Minute

// Setup is what an environment is made of, or brought back with.
type Setup struct {
	Engine engine.Engine
	// Components are all that there are; the lab's needs choose.
	Components []component.Component
	// Docker is what a new environment's record says of it.
	Docker string
	Lab    *lab.Source
	// LabDir is the directory the lab came from; empty for the catalogue.
	LabDir string
	Bin    string // the directory of labctl's helper binaries
	Log    *slog.Logger
	Now    func() time.Time
}

// New prepares the life of an environment that does not exist yet, on an engine
// with these capabilities. Nothing is made before Lifecycle.Start.
func (s Setup) New(home Home, name string, seed uint64, caps []engine.Capability) (*Lifecycle, error) {
	digest, err := Digest(s.Lab.FS)
	if err != nil {
		return nil, err
	}
	l := s.Lab.Lab
	nodes := 0
	if l.Needs.Cluster != nil {
		nodes = l.Needs.Cluster.Nodes
	}
	return s.Reopen(&Environment{Home: home, Record: Record{
		Name: name, Lab: l.Name, LabDir: s.LabDir, Digest: digest,
		Engine: s.Engine.Name(), ID: NewID(name), Nodes: nodes, Components: l.Needs.Components, Docker: s.Docker, Seed: seed,
		Phase: Creating, Created: s.Now().UTC(), Unassessable: unassessable(l, caps), Capabilities: caps,
	}})
}

// Reopen prepares the life of an environment that has a record.
func (s Setup) Reopen(env *Environment) (*Lifecycle, error) {
	resolved, problems := s.Lab.Resolve(env.Seed)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	material, err := newMaterial(resolved, s.Bin, env.Home.CacheDir())
	if err != nil {
		return nil, problem(CodeInvalidLab, "Run `labctl lab lint` on the lab.", err, "the lab %s cannot be used", env.Lab)
	}
	components, err := s.chosen(env.Components)
	if err != nil {
		return nil, err
	}
	return &Lifecycle{
		Components: components, Env: env, Engine: s.Engine, Material: material, Bin: s.Bin, Log: s.Log, Now: s.Now,
		WorkloadTimeout: workloadTimeout, Prober: check.EnsureProber,
	}, nil
}

// chosen finds components by their names.
func (s Setup) chosen(names []string) ([]component.Component, error) {
	chosen := make([]component.Component, len(names))
	for i, name := range names {
		at := slices.IndexFunc(s.Components, func(c component.Component) bool { return c.Name() == name })
		if at < 0 {
			return nil, problem(CodeUnsupported, "", nil, "this labctl has no component %q", name)
		}
		chosen[i] = s.Components[at]
	}
	return chosen, nil
}

// unassessable lists the checks that an engine with these capabilities cannot
// judge, as "task/check".
func unassessable(l *lab.Lab, has []engine.Capability) []string {
	caps := engine.Capabilities{Has: has}
	var found []string
	for _, t := range l.Tasks {
		for _, c := range t.Checks {
			needs := make([]engine.Capability, len(c.Capabilities))
			for i, name := range c.Capabilities {
				needs[i] = engine.Capability(name)
			}
			if len(caps.Lacking(needs)) > 0 {
				found = append(found, t.ID+"/"+c.ID)
			}
		}
	}
	return found
}

// Dismantle removes an environment that no supervisor owns any more: its
// cluster, as far as there is one, and its state. A changed workspace is kept
// at the path returned, unless discard is set. The caller holds the lock, whose
// file stays if keepDir is set, for an environment that takes the place.
func (e *Environment) Dismantle(ctx context.Context, eng engine.Engine, parts []component.Component, bin string, discard, keepDir bool, now time.Time) (saved string, err error) {
	if err := e.removeParts(ctx, parts, bin); err != nil {
		return "", err
	}
	if eng != nil && e.ID != "" {
		if err := e.mayRemove(e.engineDir()); err != nil {
			return "", err
		}
		spec := engine.Spec{ID: e.ID, Dir: e.engineDir(), Bin: bin, Nodes: max(e.Nodes, 1), Owner: e.Home.Owner}
		if err := eng.Down(ctx, spec); err != nil {
			return "", fmt.Errorf("remove the cluster: %w", err)
		}
	}
	if !discard {
		if saved, err = e.saveWorkspace(now); err != nil {
			return "", err
		}
	}
	if !keepDir {
		return saved, e.Home.remove(e.Dir())
	}
	entries, err := os.ReadDir(e.Dir())
	if err != nil {
		return saved, e.Home.unusable(err)
	}
	for _, entry := range entries {
		switch entry.Name() {
		case "lock", filepath.Base(e.SocketPath()), filepath.Base(LogPath(e.Dir())):
			continue
		}
		if err := e.Home.remove(filepath.Join(e.Dir(), entry.Name())); err != nil {
			return saved, err
		}
	}
	return saved, nil
}

// mayRemove says in time that root is needed: what is removed half-way is of no
// use to anybody.
func (e *Environment) mayRemove(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() <= 0 {
		return nil
	}
	if uid, known := ownerOf(info); known && uid != os.Geteuid() {
		return problem(CodeNeedsRoot, "Run `sudo labctl stop --env "+e.Name+"`.", nil,
			"the environment %q was made by root, so root has to remove it", e.Name)
	}
	return nil
}
