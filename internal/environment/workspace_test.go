package environment

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine/none"
)

func TestWorkspaceIsKeptWhenItChanged(t *testing.T) {
	starting := []File{{Path: "web/deployment.yaml", Data: []byte("kind: Deployment\n"), Mode: 0o644}}
	tests := map[string]struct {
		work func(dir string) error
		kept string // a file that has to be among the saved ones
	}{
		"untouched":    {func(string) error { return nil }, ""},
		"a new file":   {func(dir string) error { return os.WriteFile(filepath.Join(dir, "mine"), nil, 0o644) }, "mine"},
		"a change":     {func(dir string) error { return os.WriteFile(filepath.Join(dir, "web/deployment.yaml"), nil, 0o644) }, "web/deployment.yaml"},
		"a link":       {func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "link")) }, "link"},
		"a removal":    {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "web")) }, "."},
		"a new folder": {func(dir string) error { return os.Mkdir(filepath.Join(dir, "empty"), 0o755) }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := made(t, testHome(t), "x")
			sums, err := e.fillWorkspace(starting)
			if err != nil {
				t.Fatal(err)
			}
			e.Workspace = sums
			if err := tt.work(e.WorkspaceDir()); err != nil {
				t.Fatal(err)
			}
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			reset, err := e.restoreWorkspace(starting, now)
			if err != nil {
				t.Fatal(err)
			}
			look(t, reset, tt.kept)
			if changed, err := e.Changed(); err != nil || changed {
				t.Errorf("after a reset it is not as it was: %v", err)
			}
			if err := tt.work(e.WorkspaceDir()); err != nil && !errors.Is(err, os.ErrExist) {
				t.Fatal(err)
			}
			stopped, err := e.Dismantle(t.Context(), none.Engine{}, nil, "", false, false, now)
			if err != nil {
				t.Fatal(err)
			}
			look(t, stopped, tt.kept)
			if reset != "" && reset == stopped {
				t.Errorf("the second copy took the place of the first: %s", reset)
			}
			if _, err := os.Stat(e.Dir()); err == nil {
				t.Error("the state is still there")
			}
		})
	}
}

func look(t *testing.T, saved, file string) {
	t.Helper()
	if (saved != "") != (file != "") {
		t.Errorf("saved in %q, want %q kept", saved, file)
		return
	}
	if saved == "" {
		return
	}
	if _, err := os.Lstat(filepath.Join(saved, file)); err != nil {
		t.Error(err)
	}
}

func TestDiscardDropsTheWork(t *testing.T) {
	e := made(t, testHome(t), "x")
	if _, err := e.fillWorkspace([]File{{Path: "a", Mode: 0o644}}); err != nil {
		t.Fatal(err)
	}
	saved, err := e.Dismantle(t.Context(), none.Engine{}, nil, "", true, false, time.Now())
	if err != nil || saved != "" {
		t.Errorf("saved in %q, %v", saved, err)
	}
	if _, err := os.Stat(e.Home.SavedDir()); err == nil {
		t.Error("something was saved")
	}
}

func TestProgressIsOfThisEnvironment(t *testing.T) {
	h := testHome(t)
	e := made(t, h, "x")
	record := func(started time.Time, verdict string, checks map[string]string) {
		a := Attempt{Time: started.Add(time.Minute), Environment: "x", Started: started, Verdict: verdict, Checks: checks}
		if err := h.RecordAttempt(a); err != nil {
			t.Fatal(err)
		}
	}
	record(e.Created.Add(-time.Hour), "pass", map[string]string{"a/b": "pass"}) // an earlier one of that name
	record(e.Created, "fail", map[string]string{"a/b": "fail", "a/c": "pass"})
	record(e.Created, "pass", map[string]string{"a/b": "pass"})
	p, err := e.Progress()
	if err != nil {
		t.Fatal(err)
	}
	if p.Attempts != 2 || p.Last["a/b"] != "pass" || p.Last["a/c"] != "pass" || p.FirstPassMs != 60_000 {
		t.Errorf("got %+v", p)
	}
}
