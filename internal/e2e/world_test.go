//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const labName = "kubernetes-101"

// world is one test's place: a home of labctl, and the user that works there.
type world struct {
	t       *testing.T
	dir     string // everything is below it
	home    string // LABCTL_HOME
	program string
	vars    []string // on top of the usual environment variables
	docker  string   // DOCKER_HOST, where the test has a user's Docker Engine
	user    *syscall.Credential
}

// newWorld makes a home, and sees to it that the test leaves nothing behind.
func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, home: filepath.Join(dir, "home"), program: filepath.Join(bin(t), "labctl")}
	before := w.inventory()
	for _, d := range []string{"tmp", "user"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		w.end()
		before.wantSame(t)
	})
	return w
}

// end removes all that the world has, and says what it was if the test failed.
func (w *world) end() {
	w.user, w.vars = nil, nil
	if w.t.Failed() {
		w.showLogs()
	}
	for _, name := range w.environments() {
		if r := w.try("stop", "--discard", "--env", name); r.code != 0 {
			w.t.Errorf("cleaning up: %v", r)
		}
	}
	if r := w.try("gc", "--all"); r.code != 0 {
		w.t.Errorf("cleaning up: %v", r)
	}
	if left := list(filepath.Join(w.dir, "tmp")); len(left) > 0 {
		w.t.Errorf("left in TMPDIR: %v", left)
	}
	for _, mounted := range []string{w.home, filepath.Join(w.dir, "bin")} {
		_ = syscall.Unmount(mounted, syscall.MNT_DETACH) // most tests mount nothing
	}
	if err := os.RemoveAll(w.dir); err != nil {
		w.t.Errorf("cleaning up: %v", err)
	}
}

// environments lists those that the home has a directory of.
func (w *world) environments() []string { return list(filepath.Join(w.home, "envs")) }

func (w *world) envDir() string { return filepath.Join(w.home, "envs", labName) }

// wantGone fails unless no environment is left, nor anything it was made of.
func (w *world) wantGone(before inventory) {
	w.t.Helper()
	eventually(w.t, settling, "the environment is gone", func() error {
		left := w.environments()
		return errIf(len(left) > 0, "the home still has %v", left)
	})
	known := []string{"attempts.jsonl", "cache", "current", "envs", "saved", "trusted"}
	for _, name := range list(w.home) {
		if !slices.Contains(known, name) {
			w.t.Errorf("the home has a file %s", name)
		}
	}
	before.wantSame(w.t)
}

// showLogs prints the ends of the logs of all environments.
func (w *world) showLogs() {
	for _, pattern := range []string{"envs/*/supervisor.log", "envs/*/engine/nodes/*/log/*.log"} {
		files, _ := filepath.Glob(filepath.Join(w.home, pattern))
		for _, f := range files {
			data, _ := os.ReadFile(f)
			w.t.Logf("%s:\n%s", f, data[max(0, len(data)-3000):])
		}
	}
}

func (w *world) environ() []string {
	usual := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "SHELL=/bin/sh", "LANG=C.UTF-8",
		"HOME=" + filepath.Join(w.dir, "user"), "TMPDIR=" + filepath.Join(w.dir, "tmp"), "LABCTL_HOME=" + w.home,
	}
	if w.docker != "" {
		usual = append(usual, "DOCKER_HOST="+w.docker)
	}
	return append(usual, w.vars...)
}

// bin is the directory of the binaries under test.
func bin(t *testing.T) string {
	dir := os.Getenv("LABCTL_BIN")
	if dir == "" {
		dir = "../../bin"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "labctl")); err != nil {
		t.Fatalf("build labctl first, with `make build`: %v", err)
	}
	return dir
}

// list names what is in a directory; nothing if there is none.
func list(dir string) []string {
	entries, _ := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// eventually polls until check returns nil.
func eventually(t *testing.T, patience time.Duration, what string, check func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %v: %v", what, patience, err)
		}
	}
}

// wantText fails unless a text has all parts.
func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func errIf(failed bool, format string, args ...any) error {
	if !failed {
		return nil
	}
	return fmt.Errorf(format, args...)
}
