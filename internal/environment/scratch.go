package environment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"labctl.dev/labctl/internal/engine"
)

// Scratch is a home below another one, for environments that belong to one
// process: those of `labctl lab test`. The process holds its lock for as long as
// it lives; what it leaves when it is killed, a collection removes.
type Scratch struct {
	Home

	lock *flock.Flock
}

const (
	scratchPrefix = "lab-test-"
	scratchLock   = "owner.lock"
	scratchKept   = "kept" // says that what is left was left on purpose
)

// Scratch makes an empty one.
func (h Home) Scratch() (*Scratch, error) {
	if err := h.Make(h.Dir); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(h.Dir, scratchPrefix)
	if err != nil {
		return nil, h.unusable(err)
	}
	s := &Scratch{Home: Home{Dir: dir, Owner: h.Owner}, lock: flock.New(filepath.Join(dir, scratchLock))}
	_, err = s.lock.TryLock()
	if err := errors.Join(err, os.Chmod(dir, 0o755), h.Own(dir), h.Own(s.lock.Path())); err != nil {
		return nil, errors.Join(h.unusable(err), s.Remove())
	}
	return s, nil
}

// Keep leaves it for its user, who ends its environments.
func (s *Scratch) Keep() error {
	return errors.Join(s.Write(filepath.Join(s.Dir, scratchKept), nil, 0o644), s.lock.Close())
}

// Remove removes it, if no environment is left in it; else gc will.
func (s *Scratch) Remove() error {
	left, err := s.Names()
	if len(left) > 0 {
		return errors.Join(s.lock.Close(), problem(CodeEngine, "Run `labctl gc` to remove it.", nil,
			"the environment %q is left in %s", left[0], s.Dir))
	}
	return errors.Join(err, os.RemoveAll(s.Dir), s.lock.Close())
}

// scratches finds the scratch homes that nobody owns any more.
func (c Collector) scratches(spared map[engine.ID]bool) ([]Finding, error) {
	dirs, err := filepath.Glob(filepath.Join(c.Home.Dir, scratchPrefix+"*"))
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, dir := range dirs {
		h := Home{Dir: dir, Owner: c.Home.Owner}
		if h.owned() {
			continue
		}
		names, err := h.Names()
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(dir, scratchKept)); err == nil && len(names) > 0 {
			inner := c
			inner.Home = h
			for _, name := range names {
				found = append(found, inner.environment(name, spared)...)
			}
			continue
		}
		found = append(found, c.abandoned(h, names))
	}
	return found, nil
}

// owned says whether the process that made a scratch home lives, or has not
// got as far as locking it.
func (h Home) owned() bool {
	path := filepath.Join(h.Dir, scratchLock)
	if _, err := os.Stat(path); err != nil {
		return true
	}
	f := flock.New(path, flock.SetFlag(os.O_RDONLY))
	got, err := f.TryRLock()
	if got {
		_ = f.Unlock() // closing it comes to the same
	}
	return err != nil || !got
}

// abandoned removes a scratch home with all that is in it.
func (c Collector) abandoned(h Home, names []string) Finding {
	return Finding{
		Kind: "directory", Name: h.Dir, Note: fmt.Sprintf("a lab test ended; environments in it: %d", len(names)),
		act: func(ctx context.Context) (string, error) {
			for _, name := range names {
				if err := c.end(ctx, h, name); err != nil {
					return "", err
				}
			}
			return "", os.RemoveAll(h.Dir)
		},
	}
}

func (c Collector) end(ctx context.Context, h Home, name string) error {
	env, err := h.Salvage(name)
	if err != nil {
		return nil //nolint:nilerr // damaged: its directory goes with the home, and its processes are found without it
	}
	if h.Alive(name) {
		return c.End(ctx, env)
	}
	_, err = env.Dismantle(ctx, c.engine(env.Engine), c.Components, c.Bin, true, false, c.Now())
	return err
}
