package volume

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"labctl.dev/labctl/cmd/labkube/layout"
)

func newStore(t *testing.T) Store {
	return NewStore(layout.Node{Name: "n", Index: 1, DataDir: t.TempDir()})
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o640); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func mkVolume(t *testing.T, s Store, volume string) string {
	t.Helper()
	if err := s.Make(volume); err != nil {
		t.Fatal(err)
	}
	return s.Path(volume)
}

func TestSaveAndRestore(t *testing.T) {
	s := newStore(t)
	kept, lost := mkVolume(t, s, "kept"), mkVolume(t, s, "lost")
	write(t, filepath.Join(kept, "f"), "old")
	if err := os.Symlink("f", filepath.Join(kept, "link")); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}

	// A pod that still runs has the file open while all this happens.
	open, err := os.OpenFile(filepath.Join(kept, "f"), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	write(t, filepath.Join(kept, "g"), "new file")
	if err := os.RemoveAll(lost); err != nil {
		t.Fatal(err)
	}
	newer := mkVolume(t, s, "newer")

	for range 2 { // a baseline can be gone back to more than once
		if err := s.Restore(); err != nil {
			t.Fatal(err)
		}
		if _, err := open.WriteString("late"); err != nil {
			t.Fatal(err)
		}
		if got := content(t, filepath.Join(kept, "f")); got != "old" {
			t.Errorf("f is %q", got)
		}
		if target, err := os.Readlink(filepath.Join(kept, "link")); err != nil || target != "f" {
			t.Errorf("link to %q, %v", target, err)
		}
		for _, gone := range []string{filepath.Join(kept, "g"), newer} {
			if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there", gone)
			}
		}
		if info, err := os.Stat(lost); err != nil || info.Mode().Perm() != 0o777 {
			t.Errorf("the volume that was lost: %v", err)
		}
	}
}

func TestRestoreWithoutBaselineClears(t *testing.T) {
	s := newStore(t)
	path := mkVolume(t, s, "new")
	if err := s.Restore(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a volume that is not in the baseline stayed")
	}
}

func TestRemoveTwice(t *testing.T) {
	s := newStore(t)
	mkVolume(t, s, "v")
	for range 2 {
		if err := s.Remove("v"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCarryOutRefusesOldOrders(t *testing.T) {
	s := newStore(t)
	path := mkVolume(t, s, "v")
	if err := carryOut(s, newOrder(Restore, time.Now().Add(-2*orderDeadline))); err == nil {
		t.Error("an order nobody waits for any more was carried out")
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("it removed data")
	}
	if err := carryOut(s, newOrder(Restore, time.Now())); err != nil {
		t.Error(err)
	}
	for _, order := range []string{"", "restore", "restore x", newOrder("dance", time.Now())} {
		if err := carryOut(s, order); err == nil {
			t.Errorf("%q was carried out", order)
		}
	}
}
