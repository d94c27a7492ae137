//go:build unix

package lab_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"labctl.dev/labctl/internal/lab"
)

// TestOpenDirDoesNotWait opens a pipe that nobody writes to.
func TestOpenDirDoesNotWait(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, lab.File), 0o600); err != nil {
		t.Fatal(err)
	}
	fsys, err := lab.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := lab.Load(fsys, dir); problems.Err() == nil || !strings.Contains(problems.Error(), "neither a file") {
		t.Errorf("got %v", problems)
	}
}
