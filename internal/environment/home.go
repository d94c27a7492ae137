package environment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/engine"
)

// Home is the directory that holds everything labctl keeps for one user.
type Home struct {
	// Dir is the directory itself: $LABCTL_HOME, or labctl below the user's
	// XDG state directory.
	Dir string
	// Owner is the user it belongs to, also while root works on it.
	Owner engine.Owner
}

// EnvDir is the directory of an environment, whether it exists or not.
func (h Home) EnvDir(name string) string { return filepath.Join(h.Dir, "envs", name) }

// SavedDir is where copies of learners' work are kept.
func (h Home) SavedDir() string { return filepath.Join(h.Dir, "saved") }

// Names lists the environments, also broken and half-made ones, sorted.
func (h Home) Names() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(h.Dir, "envs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, problem(CodeState, "", err, "cannot read labctl's state")
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Current is the name of the environment that commands mean when they name
// none; empty if there is none. When only one exists, it is that one.
func (h Home) Current() (string, error) {
	names, err := h.Names()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(h.currentFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", problem(CodeState, "", err, "cannot read labctl's state")
	}
	name := strings.TrimSpace(string(data))
	switch {
	case slices.Contains(names, name):
		return name, nil
	case len(names) == 1:
		return names[0], nil
	default:
		return "", nil
	}
}

// SetCurrent makes an environment the current one.
func (h Home) SetCurrent(name string) error {
	return h.Write(h.currentFile(), []byte(name+"\n"), 0o644)
}

func (h Home) currentFile() string { return filepath.Join(h.Dir, "current") }

// Make makes a directory below the home, and those above it, for the owner.
func (h Home) Make(dir string) error {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || d == filepath.Dir(d) {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		if err := os.Mkdir(d, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return h.unusable(err)
		}
		if err := h.Own(d); err != nil {
			return err
		}
	}
	return nil
}

// Write replaces a file at once or not at all, and gives it to the owner.
func (h Home) Write(path string, data []byte, mode fs.FileMode) error {
	if err := h.Make(filepath.Dir(path)); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return h.unusable(err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when all went well
	_, err = tmp.Write(data)
	// Synced, or a crash of the machine may leave an empty file under the name.
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close(), h.Own(tmp.Name()))
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return h.unusable(err)
	}
	return nil
}

// OpenFile opens a file as os.OpenFile does, but through no symbolic link that
// leads out of its directory: root works in directories that are a user's.
func OpenFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // what was opened in it stays open
	return root.OpenFile(filepath.Base(path), flag, mode)
}

// Own gives a file to the home's owner. Only root can and needs to.
func (h Home) Own(path string) error {
	if !h.owns() {
		return nil
	}
	return os.Lchown(path, h.Owner.UID, h.Owner.GID)
}

func (h Home) owns() bool { return os.Geteuid() == 0 && h.Owner != (engine.Owner{}) }

// ownAll gives a directory and everything in it to the owner, and nothing else,
// whatever somebody puts in its place meanwhile.
func (h Home) ownAll(dir string) error {
	if !h.owns() {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // what was opened in it stays open
	return fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, h.Owner.UID, h.Owner.GID)
	})
}

func (h Home) unusable(err error) error {
	return problem(CodeState, "Free some space or fix the directory's permissions, or set LABCTL_HOME to a directory that can be written.",
		err, "cannot write labctl's state in %s", h.Dir)
}

// Quote makes one word for a POSIX shell.
func Quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// Script writes a program that runs a command with the arguments it is given.
func (h Home) Script(path string, command []string) error {
	quoted := make([]string, len(command))
	for i, word := range command {
		quoted[i] = Quote(word)
	}
	return h.Write(path, []byte("#!/bin/sh\nexec "+strings.Join(quoted, " ")+" \"$@\"\n"), 0o755)
}
