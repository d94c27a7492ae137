package undo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Project is a copy of a Compose project that a stimulus made. Its name is all
// that the ledger has of it: the ledger is the learner's, and root, who may read
// it, deletes nothing that it names.
type Project struct {
	Name string `json:"name"`
}

// Dir is where the copy's own files are in a workspace.
func (p Project) Dir(workspace string) string { return filepath.Join(workspace, p.entry()) }

func (p Project) entry() string { return "." + p.Name }

// Remove takes away all that there is of it.
func (p Project) Remove(ctx context.Context, world World) error {
	if world.Docker == nil {
		return fmt.Errorf("remove the Compose project %s: there is no Docker", p.Name)
	}
	if !regexp.MustCompile(`^labctl-[a-z0-9-]+$`).MatchString(p.Name) {
		return fmt.Errorf("%q is no Compose project of labctl's; it stays", p.Name)
	}
	return errors.Join(world.Docker.DiscardProject(ctx, p.Name), p.removeFiles(world.Workspace))
}

// removeFiles takes its files away, and follows no link out of the workspace.
func (p Project) removeFiles(workspace string) error {
	root, err := os.OpenRoot(workspace)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the files of %s: %w", p.Name, err)
	}
	defer func() { _ = root.Close() }() // only a handle
	return root.RemoveAll(p.entry())
}
