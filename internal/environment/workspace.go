package environment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"
)

// File is one file of a workspace as the lab gives it, filled in.
type File struct {
	Path string // relative, with slashes
	Data []byte
	Mode fs.FileMode
}

// fillWorkspace makes the workspace and puts the lab's files there. It returns
// their digests, by which a later change is told.
func (e *Environment) fillWorkspace(files []File) (map[string]string, error) {
	dir := e.WorkspaceDir()
	if err := e.Home.Make(dir); err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := e.Home.Write(path, f.Data, f.Mode.Perm()|0o600); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(f.Data)
		sums[f.Path] = hex.EncodeToString(sum[:])
	}
	return sums, nil
}

// Changed says whether the workspace differs from how it was filled.
func (e *Environment) Changed() (bool, error) {
	now, err := digests(e.WorkspaceDir())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return !maps.Equal(now, e.Workspace), err
}

// digests maps the files below dir to the digests of their contents.
func digests(dir string) (map[string]string, error) {
	sums := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum, err := digest(path, d)
		sums[filepath.ToSlash(rel)] = sum
		return err
	})
	return sums, err
}

func digest(path string, d fs.DirEntry) (string, error) {
	if d.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		return "link:" + target, err
	}
	if !d.Type().IsRegular() {
		return d.Type().String(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// saveWorkspace moves a changed workspace to the home's saved directory and
// returns where it is now; empty if there was nothing worth keeping. The
// workspace is gone afterwards, or, if it could not be moved, still there.
func (e *Environment) saveWorkspace(now time.Time) (string, error) {
	changed, err := e.Changed()
	if err != nil {
		return "", fmt.Errorf("look at the workspace: %w", err)
	}
	if !changed {
		return "", os.RemoveAll(e.WorkspaceDir())
	}
	return e.Home.keep(e.WorkspaceDir(), e.Name, now)
}

// keep moves a directory into the saved ones, under a name not yet taken.
func (h Home) keep(dir, name string, now time.Time) (string, error) {
	if err := h.Make(h.SavedDir()); err != nil {
		return "", err
	}
	base := filepath.Join(h.SavedDir(), name+"-"+now.Format("20060102-150405"))
	for n := 1; ; n++ {
		target := base
		if n > 1 {
			target = fmt.Sprintf("%s-%d", base, n)
		}
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		if err := os.Rename(dir, target); err != nil {
			return "", fmt.Errorf("keep a copy of the workspace: %w", err)
		}
		return target, h.ownAll(target)
	}
}

// restoreWorkspace puts the starting files back. What was there is copied to
// the saved directories first, if it had changed; the directory itself stays,
// for the shells that are in it.
func (e *Environment) restoreWorkspace(files []File, now time.Time) (string, error) {
	changed, err := e.Changed()
	if err != nil || !changed {
		return "", err
	}
	tmp := e.WorkspaceDir() + ".saving"
	if err := errors.Join(os.RemoveAll(tmp), os.CopyFS(tmp, os.DirFS(e.WorkspaceDir()))); err != nil {
		return "", fmt.Errorf("copy the workspace: %w", err)
	}
	saved, err := e.Home.keep(tmp, e.Name, now)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(e.WorkspaceDir())
	if err != nil {
		return saved, err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(e.WorkspaceDir(), entry.Name())); err != nil {
			return saved, err
		}
	}
	e.Workspace, err = e.fillWorkspace(files)
	return saved, err
}

// remove removes a file or a directory of the state.
func (h Home) remove(path string) error {
	err := os.RemoveAll(path)
	if errors.Is(err, fs.ErrPermission) {
		return problem(CodeNeedsRoot, "Run the same command with sudo.", err, "what root made has to be removed by root")
	}
	if err != nil {
		return h.unusable(err)
	}
	return nil
}

// Forget removes the directory of an environment that never came to be. The
// caller holds its lock.
func (h Home) Forget(name string) {
	dir := h.EnvDir(name)
	if _, err := os.Stat(filepath.Join(dir, "env.json")); errors.Is(err, fs.ErrNotExist) {
		_ = os.RemoveAll(dir) // gc finds what this leaves
	}
}
