package environment

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/fake"
)

// What gets an owner between being found and being removed stays.
func TestWhatIsInUseByNowIsNotCollected(t *testing.T) {
	h := testHome(t)
	e := &fake.Engine{Root: filepath.Join(h.Dir, "machine")}
	if err := os.MkdirAll(filepath.Join(e.Root, "stray-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	half := made(t, h, "half")
	half.Phase = Creating
	resumable := made(t, h, "resumable")
	for _, err := range []error{half.Save(), os.WriteFile(resumable.SocketPath(), nil, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	owned := false
	c := Collector{Home: h, Engines: []engine.Engine{e}, Now: time.Now, Elsewhere: func(engine.Resource) bool { return owned }}
	found, err := c.Find(t.Context())
	if err != nil || len(found) != 3 {
		t.Fatalf("found %+v, %v", found, err)
	}

	owned = true
	half.Phase = Ready
	if err := half.Save(); err != nil {
		t.Fatal(err)
	}
	lock, err := h.Acquire(t.Context(), "resumable")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if done := c.Remove(t.Context(), found); len(done) > 0 {
		t.Errorf("removed %+v", done)
	}
	for _, path := range []string{filepath.Join(e.Root, "stray-1"), half.Dir(), resumable.SocketPath()} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// A cluster that does not run belongs to whoever keeps its files.
func TestWhatAnotherHomeKeepsIsNotCollected(t *testing.T) {
	h := testHome(t)
	kept := t.TempDir()
	c := Collector{Home: h}
	for name, tt := range map[string]struct {
		dir  string
		ours bool
	}{
		"of another home":             {kept, false},
		"of another home, gone":       {filepath.Join(kept, "gone"), true},
		"of this home, without state": {filepath.Join(h.Dir, "envs", "gone", "engine"), true},
		"of whom is not known":        {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, ours := c.leftover(&fake.Engine{}, engine.Resource{ID: "x", Kind: "container", Name: "n", Dir: tt.dir}, map[engine.ID]bool{})
			if ours != tt.ours {
				t.Errorf("collected: %v, want %v", ours, tt.ours)
			}
		})
	}
}
