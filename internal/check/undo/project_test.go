package undo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/container"
)

// The ledger is a file of the learner's, and root may undo what it says.
func TestProjectsOfOthersAreLeftAlone(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "workspace")
	precious := filepath.Join(filepath.Dir(workspace), "precious")
	for _, dir := range []string{workspace, precious} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	world := World{Docker: new(container.Client), Workspace: workspace} // asking it would panic
	for _, name := range []string{"", "shop", "./precious", "labctl-/../../precious", "labctl-x\n"} {
		err := Project{Name: name}.Remove(t.Context(), world)
		if err == nil || !strings.Contains(err.Error(), "it stays") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := os.Symlink(precious, filepath.Join(workspace, ".labctl-copy")); err != nil {
		t.Fatal(err)
	}
	if err := (Project{Name: "labctl-copy"}).removeFiles(workspace); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestFilesOfACopyAreRemoved(t *testing.T) {
	p, workspace := Project{Name: "labctl-copy"}, t.TempDir()
	if err := os.MkdirAll(filepath.Join(p.Dir(workspace), "some"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.removeFiles(workspace); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(p.Dir(workspace)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its files: %v", err)
		}
	}
	if err := p.removeFiles(filepath.Join(workspace, "gone")); err != nil {
		t.Errorf("without a workspace: %v", err)
	}
}
