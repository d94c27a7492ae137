package volume

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// Store is the directories of a node's volumes, and a copy of them as they were
// at the baseline.
type Store struct {
	dir, baseline, trash string
}

// NewStore returns the store of a node.
func NewStore(node layout.Node) Store {
	return Store{dir: node.Data("volumes"), baseline: node.Baseline("volumes"), trash: node.Data("trash")}
}

// Path returns where a volume's data is.
func (s Store) Path(volume string) string { return filepath.Join(s.dir, volume) }

// Make makes a volume's directory. Any user may write: pods run as whom they like.
func (s Store) Make(volume string) error {
	if err := os.MkdirAll(s.Path(volume), 0o755); err != nil {
		return fmt.Errorf("make volume %s: %w", volume, err)
	}
	return os.Chmod(s.Path(volume), 0o777)
}

// Remove removes a volume's data. It is gone for new pods at once, even if
// removing takes long.
func (s Store) Remove(volume string) error {
	if err := os.MkdirAll(s.trash, 0o700); err != nil {
		return err
	}
	trash, err := os.MkdirTemp(s.trash, volume+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(trash) }()
	err = os.Rename(s.Path(volume), filepath.Join(trash, "data"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Sweep removes what a Remove left behind when the node was stopped.
func (s Store) Sweep() error { return os.RemoveAll(s.trash) }

// CarryOut does what an order says.
func (s Store) CarryOut(order Order) error {
	switch order {
	case Save:
		return s.Save()
	case Restore:
		return s.Restore()
	case Resume:
		return s.Resume()
	}
	return fmt.Errorf("there is no order %q for volumes", order)
}

// Save makes the copy that Restore goes back to. Data written meanwhile may or
// may not be in it.
func (s Store) Save() error { return s.exclusively(s.save) }

func (s Store) save() error {
	if err := os.RemoveAll(s.baseline); err != nil {
		return err
	}
	names, err := list(s.dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.baseline, 0o700); err != nil {
		return err
	}
	for name := range names {
		if err := copyTree(s.Path(name), filepath.Join(s.baseline, name)); err != nil {
			return fmt.Errorf("save volume %s: %w", name, err)
		}
	}
	return nil
}

// Restore puts every volume back as it was when saved and removes newer ones.
// Pods that still run keep the old data open and cannot touch the new. What is back
// is held until Resume.
func (s Store) Restore() error { return s.exclusively(s.restore) }

func (s Store) restore() error {
	if err := s.hold(); err != nil {
		return err
	}
	saved, err := list(s.baseline)
	if err != nil {
		return err
	}
	present, err := list(s.dir)
	if err != nil {
		return err
	}
	for name := range present {
		if err := s.Remove(name); err != nil {
			return fmt.Errorf("clear volume %s: %w", name, err)
		}
	}
	for name := range saved {
		if err := copyTree(filepath.Join(s.baseline, name), s.Path(name)); err != nil {
			return fmt.Errorf("restore volume %s: %w", name, err)
		}
	}
	return nil
}

// list returns the names in a directory; one that is missing is empty.
func list(dir string) (map[string]bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := map[string]bool{}
	for _, entry := range entries {
		names[entry.Name()] = true
	}
	return names, nil
}
