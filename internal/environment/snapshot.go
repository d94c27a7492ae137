package environment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Digest is the digest of all files of a lab: their names and contents.
func Digest(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, path)
		fmt.Fprintf(h, "%s\x00%d\x00", path, len(data))
		h.Write(data)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the lab: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Snapshot copies a lab into the environment's directory.
func (e *Environment) Snapshot(fsys fs.FS) error {
	if err := os.RemoveAll(e.SnapshotDir()); err != nil {
		return e.Home.unusable(err)
	}
	if err := e.Home.Make(e.Dir()); err != nil {
		return err
	}
	if err := os.CopyFS(e.SnapshotDir(), fsys); err != nil {
		return fmt.Errorf("keep a copy of the lab: %w", err)
	}
	return e.Home.ownAll(e.SnapshotDir())
}

// Trusts says whether the user has trusted a lab with this digest.
func (h Home) Trusts(digest string) (bool, error) {
	data, err := os.ReadFile(h.trustFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, problem(CodeState, "", err, "cannot read which labs are trusted")
	}
	return slices.Contains(strings.Fields(string(data)), digest), nil
}

// Trust remembers that the user trusts a lab with this digest.
func (h Home) Trust(digest string) error {
	data, err := os.ReadFile(h.trustFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return problem(CodeState, "", err, "cannot read which labs are trusted")
	}
	return h.Write(h.trustFile(), append(data, digest+"\n"...), 0o600)
}

func (h Home) trustFile() string { return filepath.Join(h.Dir, "trusted") }
