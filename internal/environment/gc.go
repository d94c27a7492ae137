package environment

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
)

// Finding is something that a collection removed, or would remove.
type Finding struct {
	Environment string `json:"environment"`
	Engine      string `json:"engine"`
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	// Note says why, or where the learner's files are now.
	Note string `json:"note"`
	// Error is why it is still there; empty if it is gone.
	Error string `json:"error"`
	// NeedsRoot says that root could remove it.
	NeedsRoot bool `json:"needsRoot"`

	act func(context.Context) (note string, err error)
}

// Collector finds and removes what crashed processes left.
type Collector struct {
	Home       Home
	Engines    []engine.Engine
	Components []component.Component
	Bin        string
	Now        func() time.Time
	// All takes environments that could be resumed, too.
	All bool
	// Elsewhere says whether a resource belongs to a living supervisor, also of
	// another user or another home, or to another living process.
	Elsewhere func(engine.Resource) bool
	// End stops and discards a living environment.
	End func(context.Context, *Environment) error
}

// Find lists what there is to remove, and removes nothing.
func (c Collector) Find(ctx context.Context) ([]Finding, error) {
	names, err := c.Home.Names()
	if err != nil {
		return nil, err
	}
	var found []Finding
	spared := map[engine.ID]bool{}
	for _, name := range names {
		if !ValidName(name) {
			continue
		}
		found = append(found, c.environment(name, spared)...)
	}
	abandoned, failed := c.scratches(spared)
	found = append(found, abandoned...)
	for _, f := range c.finders() {
		left, err := f.Leftovers(ctx)
		failed = errors.Join(failed, err)
		for _, r := range left {
			if _, known := spared[r.ID]; !known && c.Elsewhere(r) {
				spared[r.ID] = true
			}
		}
		for _, r := range left {
			if one, ours := c.leftover(f, r, spared); ours {
				found = append(found, one)
			}
		}
	}
	return found, failed
}

// finders are all that may have left something on this machine.
func (c Collector) finders() []component.Finder {
	var all []component.Finder
	for _, e := range c.Engines {
		all = append(all, e)
	}
	for _, part := range c.Components {
		if f, can := part.(component.Finder); can {
			all = append(all, f)
		}
	}
	return all
}

// errInUse says that what was found has an owner again.
var errInUse = errors.New("it is in use")

// Remove removes what was found and notes how that went. What is in use by now
// is no finding any more.
func (c Collector) Remove(ctx context.Context, found []Finding) []Finding {
	var done []Finding
	for _, f := range found {
		note, err := f.act(ctx)
		if errors.Is(err, errInUse) {
			continue
		}
		if note != "" {
			f.Note = note
		}
		if err != nil {
			f.Error = err.Error()
			if p := AsProblem(err); p != nil && p.Hint != "" {
				f.Error += ". " + p.Hint
			}
			f.NeedsRoot = os.Geteuid() > 0 && errors.Is(err, fs.ErrPermission) || isCode(err, CodeNeedsRoot)
		}
		done = append(done, f)
	}
	return done
}

// environment looks at one environment. What an engine has for it and what must
// stay is noted in spared: true to keep everything, false to keep the data.
func (c Collector) environment(name string, spared map[engine.ID]bool) []Finding {
	env, err := c.Home.Salvage(name)
	if err != nil {
		return []Finding{{Environment: name, Kind: "environment", Name: name, Error: err.Error(),
			act: func(context.Context) (string, error) { return "", err }}}
	}
	if c.Home.Alive(name) {
		spared[env.ID] = true
		return c.stimuli(env)
	}
	_, damaged := readRecord(env.Dir())
	switch {
	case c.All, !c.Home.Exists(name):
		return []Finding{c.dismantle(env, "removed as asked")}
	case damaged != nil:
		spared[env.ID] = false
		return nil // `labctl stop` removes it; its data may be all there is
	case env.Phase == Ready:
		spared[env.ID] = false
		return c.staleSocket(env)
	default:
		return []Finding{c.dismantle(env, "its start or stop was cut short")}
	}
}

func (c Collector) dismantle(env *Environment, why string) Finding {
	return Finding{
		Environment: env.Name, Engine: env.Engine, Kind: "environment", Name: env.Dir(), Note: why,
		act: func(ctx context.Context) (string, error) {
			lock, err := c.Home.Acquire(ctx, env.Name)
			if isCode(err, CodeBusy) {
				return "", errInUse
			}
			if err != nil {
				return "", err
			}
			defer lock.Release()
			if now, err := readRecord(env.Dir()); !c.All && err == nil && now.Phase == Ready {
				return "", errInUse // it was made anew, and can be resumed
			}
			saved, err := env.Dismantle(ctx, c.engine(env.Engine), c.Components, c.Bin, false, false, c.Now())
			if saved != "" {
				return "your files are kept in " + saved, err
			}
			return "", err
		},
	}
}

func (c Collector) staleSocket(env *Environment) []Finding {
	if _, err := os.Lstat(env.SocketPath()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return []Finding{{
		Environment: env.Name, Kind: "socket", Name: env.SocketPath(), Note: "its supervisor is gone; the environment can be resumed",
		act: func(context.Context) (string, error) {
			if c.Home.Alive(env.Name) {
				return "", errInUse
			}
			return "", os.Remove(env.SocketPath())
		},
	}}
}

// stimuli finds what a killed check left applied to a living environment.
func (c Collector) stimuli(env *Environment) []Finding {
	pending, err := env.PendingStimuli()
	if err == nil && (len(pending) == 0 || !c.reachable(env)) {
		return nil // or taken back when all is there again, by the next start
	}
	return []Finding{{
		Environment: env.Name, Kind: "stimulus", Name: filepath.Base(env.Dir()), Note: "a check was cut short",
		act: func(ctx context.Context) (string, error) {
			if err != nil {
				return "", err
			}
			lock, err := env.AcquireCheck(ctx, func() {})
			if isCode(err, CodeBusy) {
				return "", errInUse // what runs will undo it by itself
			}
			if err != nil {
				return "", err
			}
			defer lock.Release()
			world, err := env.World(c.Components, c.Bin)
			if err != nil {
				return "", err
			}
			return "", errors.Join(env.UndoStimuli(ctx, world), world.Close())
		},
	}}
}

// reachable says whether an environment is there to take anything back in. One
// without a cluster has no port, and lives as long as its supervisor.
func (c Collector) reachable(env *Environment) bool {
	return c.Home.Alive(env.Name) && (env.Nodes == 0 || answers(env.Port))
}

// answers says whether anybody listens on the port of an API server.
func answers(port int) bool {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// leftover judges a resource that was found.
func (c Collector) leftover(f component.Finder, r engine.Resource, spared map[engine.ID]bool) (Finding, bool) {
	all, known := spared[r.ID]
	alive := r.Kind == "process" || r.Kind == "cgroup" || r.Kind == "mount"
	if all || (known && !alive) || c.anothers(r) {
		return Finding{}, false
	}
	return Finding{
		Engine: r.Engine, Kind: r.Kind, Name: r.Name, Note: "of " + string(r.ID),
		act: func(ctx context.Context) (string, error) {
			if c.Elsewhere(r) {
				return "", errInUse
			}
			return "", f.Remove(ctx, r)
		},
	}, true
}

// anothers tells what belongs to an environment of another home, which may only
// be stopped. What cannot be looked at is there.
func (c Collector) anothers(r engine.Resource) bool {
	if r.Dir == "" {
		return false
	}
	if inside, err := filepath.Rel(c.Home.Dir, r.Dir); err == nil && filepath.IsLocal(inside) {
		return false
	}
	_, err := os.Stat(r.Dir)
	return !errors.Is(err, fs.ErrNotExist)
}

func isCode(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

func (c Collector) engine(name string) engine.Engine {
	for _, e := range c.Engines {
		if e.Name() == name {
			return e
		}
	}
	return nil
}
