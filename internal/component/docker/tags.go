package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"labctl.dev/labctl/internal/component"
)

// tags are the names that an environment gave to images which cannot carry its
// label: those of others, pulled and loaded ones. They are in a file, for what
// makes them and what removes them are different processes at times.
type tags struct {
	mu   sync.Mutex
	path string
}

func tagsOf(spec component.Spec) *tags { return &tags{path: filepath.Join(spec.Dir, "tags.json")} }

// Has says whether the environment gave this name.
func (t *tags) Has(ref string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all, err := t.read()
	return slices.Contains(all, ref), err
}

// Add notes a name before it is given.
func (t *tags) Add(ref string) error {
	return t.change(func(all []string) []string { return append(all, ref) })
}

// Forget is for a name that was not given after all, or is gone.
func (t *tags) Forget(ref string) error {
	return t.change(func(all []string) []string { return slices.DeleteFunc(all, func(r string) bool { return r == ref }) })
}

// each does something with every name and forgets it.
func (t *tags) each(do func(ref string) error) error {
	t.mu.Lock()
	all, err := t.read()
	t.mu.Unlock()
	if err != nil {
		return err
	}
	for _, ref := range all {
		if err := do(ref); err != nil {
			return err
		}
		if err := t.Forget(ref); err != nil {
			return err
		}
	}
	return nil
}

func (t *tags) change(edit func([]string) []string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	all, err := t.read()
	if err != nil {
		return err
	}
	all = edit(all)
	slices.Sort(all)
	data, err := json.Marshal(slices.Compact(all))
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(t.path+".new", data, 0o600), os.Rename(t.path+".new", t.path)); err != nil {
		return fmt.Errorf("note which images are the lab's: %w", err)
	}
	return nil
}

// read returns what is noted. The caller holds the lock.
func (t *tags) read() ([]string, error) {
	data, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []string
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("read which images are the lab's: %w", err)
	}
	return all, nil
}
