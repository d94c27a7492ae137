package environment

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
)

// testHome is a home of a test's own.
func testHome(t *testing.T) Home {
	return Home{Dir: t.TempDir(), Owner: engine.Owner{UID: os.Getuid(), GID: os.Getgid()}}
}

// made is an environment with a record.
func made(t *testing.T, h Home, name string) *Environment {
	t.Helper()
	e := &Environment{Home: h, Record: Record{Name: name, Lab: "tiny", ID: NewID(name), Engine: "none", Phase: Ready, Created: time.Now().UTC()}}
	if err := errors.Join(e.Save(), h.writeIdentity(e.Record)); err != nil {
		t.Fatal(err)
	}
	return e
}

// code is the code of a Problem.
func code(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func TestTheCurrentEnvironment(t *testing.T) {
	h := testHome(t)
	if _, err := h.Open(""); code(err) != CodeNoEnvironment {
		t.Errorf("of none: %v", err)
	}
	made(t, h, "one")
	if e, err := h.Open(""); err != nil || e.Name != "one" {
		t.Errorf("the only one is not the current one: %v", err)
	}
	made(t, h, "two")
	if _, err := h.Open(""); code(err) != CodeNoEnvironment {
		t.Errorf("of two, one was chosen: %v", err)
	}
	if err := h.SetCurrent("two"); err != nil {
		t.Fatal(err)
	}
	if e, err := h.Open(""); err != nil || e.Name != "two" {
		t.Errorf("not the one that was set: %v", err)
	}
	if err := os.RemoveAll(h.EnvDir("two")); err != nil {
		t.Fatal(err)
	}
	if e, err := h.Open(""); err != nil || e.Name != "one" {
		t.Errorf("one that is gone is still the current one: %v", err)
	}
}

func TestDamagedRecords(t *testing.T) {
	tests := map[string]struct{ text, code string }{
		"half a file":       {`{"version": 1, "name`, CodeCorruptState},
		"empty":             {``, CodeCorruptState},
		"another document":  {`{"a": 1}`, CodeCorruptState},
		"of a newer labctl": {`{"version": 99, "name": "x", "lab": "x", "id": "x"}`, CodeCorruptState},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := testHome(t)
			e := made(t, h, "x")
			if err := os.WriteFile(filepath.Join(h.EnvDir("x"), "env.json"), []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Open("x"); code(err) != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
			saved, err := h.Salvage("x")
			if err != nil || saved.ID != e.ID || saved.Engine != "none" {
				t.Errorf("not enough was salvaged to remove it: %+v, %v", saved, err)
			}
			for _, id := range []string{"", "none", "\x00\x01", "none ../../etc"} {
				if err := os.WriteFile(filepath.Join(h.EnvDir("x"), "id"), []byte(id), 0o644); err != nil {
					t.Fatal(err)
				}
				if saved, err := h.Salvage("x"); err != nil || saved.ID != "" || saved.Engine != "" {
					t.Errorf("with the identity %q: %+v, %v", id, saved, err)
				}
			}
		})
	}
}

func TestNamesThatLeadElsewhere(t *testing.T) {
	h := testHome(t)
	made(t, h, "x")
	for _, name := range []string{"..", "../x", "/", "x/", ".", "X", "-x", "x y", string(make([]byte, 41))} {
		if ValidName(name) {
			t.Errorf("%q is taken for a name", name)
		}
		if e, err := h.Salvage(name); err == nil {
			t.Errorf("%q was opened: %s", name, e.Dir())
		}
	}
}

func TestOnlyOneHasTheLock(t *testing.T) {
	h := testHome(t)
	if h.Alive("x") {
		t.Error("an environment that is not there lives")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var held []*Lock
	for range 8 {
		wg.Go(func() {
			l, err := h.Acquire(t.Context(), "x")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				held = append(held, l)
			case code(err) != CodeBusy:
				t.Errorf("got %v, want busy", err)
			}
		})
	}
	wg.Wait()
	if len(held) != 1 {
		t.Fatalf("%d have the lock", len(held))
	}
	if !h.Alive("x") {
		t.Error("who has the lock is not alive")
	}
	// Its directory is removed and made anew, as a stop and a start do: the lock
	// on the file that is gone must not count.
	if err := os.RemoveAll(h.EnvDir("x")); err != nil {
		t.Fatal(err)
	}
	l, err := h.Acquire(t.Context(), "x")
	if err != nil {
		t.Fatalf("the lock on a removed file is in the way: %v", err)
	}
	held[0].Release()
	if !h.Alive("x") {
		t.Error("the release of the old lock released the new one")
	}
	l.Release()
	if h.Alive("x") {
		t.Error("alive after the release")
	}
}

// Root writes in directories that are a user's, and is not led astray.
func TestLinksLeadNowhere(t *testing.T) {
	h := testHome(t)
	h.Owner = engine.Owner{UID: 65534, GID: 65534}
	target := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, h.attemptsFile()); err != nil {
		t.Fatal(err)
	}
	if err := h.RecordAttempt(Attempt{}); code(err) != CodeState {
		t.Errorf("written through a link: %v", err)
	}
	if err := os.Mkdir(filepath.Join(h.Dir, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(target), filepath.Join(h.Dir, "below", "link")); err != nil {
		t.Fatal(err)
	}
	if err := h.ownAll(h.Dir); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]int{target: os.Getuid(), h.Dir: 65534, filepath.Join(h.Dir, "below", "link"): 65534} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if uid, known := ownerOf(info); os.Getuid() == 0 && known && uid != want {
			t.Errorf("%s belongs to %d, want %d", path, uid, want)
		}
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "mine" {
		t.Errorf("the target holds %q, %v", data, err)
	}
}

func TestIDs(t *testing.T) {
	seen := map[engine.ID]bool{}
	for _, name := range []string{"x", "x", "kubernetes-101", "a-name-that-is-as-long-as-a-name-can-be-40", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbb"} {
		id := NewID(name)
		if !ValidName(string(id)) || seen[id] {
			t.Errorf("%q got the id %q", name, id)
		}
		seen[id] = true
	}
}
