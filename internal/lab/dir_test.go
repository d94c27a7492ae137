package lab_test

import (
	"os"
	"path/filepath"
	"testing"

	"labctl.dev/labctl/internal/lab"
)

func TestOpenDirStaysInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	for file, content := range map[string]string{
		filepath.Join(outside, "secret"): "secret",
		filepath.Join(dir, "inside"):     "inside",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"out": filepath.Join(outside, "secret"), "in": "inside"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	fsys, err := lab.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	source := &lab.Source{FS: fsys, Path: dir}
	for name, readable := range map[string]bool{
		"inside": true, "in": true, "out": false, "../" + filepath.Base(outside) + "/secret": false, "/etc/passwd": false,
	} {
		if _, err := source.Read(name); (err == nil) != readable {
			t.Errorf("reading %s: %v", name, err)
		}
	}
	if _, err := lab.OpenDir(filepath.Join(dir, "inside")); err == nil {
		t.Error("a file was taken for a lab")
	}
}
