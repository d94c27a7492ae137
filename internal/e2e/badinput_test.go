//go:build e2e && linux

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func TestUnknownNames(t *testing.T) {
	w := newWorld(t)
	w.wants(2, []string{`did you mean "kubernetes-101"`}, "start", "kubernets-101")
	w.wants(2, []string{"labctl list"}, "start", "quantum-computing")
	w.wants(2, []string{"labctl start"}, "starts", labName)
	w.wants(2, []string{"cannot be the name"}, "start", labName, "--env", "../etc")
	w.wants(4, []string{"no environment yet", "labctl start LAB"}, "check")
	w.wants(4, []string{"there is no environment"}, "status", "--env", "elsewhere")
	d, r := w.json("start", "kubernets-101")
	r.wants(t, 2)
	wantShape(t, d, errorShape)
	if left := w.environments(); len(left) > 0 {
		t.Errorf("made %v", left)
	}
}

func TestBrokenLab(t *testing.T) {
	w := newWorld(t)
	must(t, os.CopyFS(filepath.Join(w.dir, "broken"), os.DirFS("../../testdata/labs/unknown-key")))
	place := regexp.MustCompile(`broken/lab\.yaml:\d+:\d+: `)
	for _, args := range [][]string{{"start", "./broken", "--trust"}, {"lab", "lint", "./broken"}} {
		r := w.wants(3, nil, args...)
		if !place.MatchString(r.out + r.err) {
			t.Errorf("no place in the file: %v", r)
		}
	}
	must(t, os.Mkdir(filepath.Join(w.dir, "empty"), 0o755))
	w.wants(3, []string{"lab.yaml"}, "start", "./empty", "--trust")
	if left := w.environments(); len(left) > 0 {
		t.Errorf("made %v", left)
	}
}

// TestDamagedState damages the files of a living environment.
func TestDamagedState(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.labctl("start", labName)

	ledger := filepath.Join(w.envDir(), "ledger.jsonl")
	sound, err := os.ReadFile(ledger)
	must(t, err)
	must(t, os.WriteFile(ledger, append([]byte("{nonsense\n"), sound...), 0o600))
	w.wants(4, []string{"damaged", "labctl reset"}, "check")
	w.wants(4, []string{"damaged", "labctl reset"}, "gc")
	w.labctl("reset")
	w.wants(1, nil, "check")

	must(t, os.WriteFile(filepath.Join(w.envDir(), "workspace", "mine.txt"), []byte("precious"), 0o644))
	must(t, os.WriteFile(filepath.Join(w.envDir(), "env.json"), []byte(`{"version": 1, "name`), 0o644))
	for _, command := range []string{"status", "check", "tasks", "reset", "start"} {
		w.wants(4, []string{"damaged", "labctl stop --env " + labName}, command)
	}
	w.wants(0, []string{"damaged"}, "status", "--all")
	w.wants(0, []string{"saved"}, "stop")
	w.wantGone(before)
	saved, _ := filepath.Glob(filepath.Join(w.home, "saved/*/mine.txt"))
	if len(saved) != 1 {
		t.Errorf("the learner's file is not kept: %v", list(filepath.Join(w.home, "saved")))
	}
}

// mountHome makes the home a small file system of its own.
func (w *world) mountHome(flags uintptr, options string) {
	w.t.Helper()
	must(w.t, os.MkdirAll(w.home, 0o755))
	must(w.t, syscall.Mount("tmpfs", w.home, "tmpfs", flags, options))
}

func TestNoRoomForHome(t *testing.T) {
	for name, c := range map[string]struct {
		flags   uintptr
		options string
		says    string
		doctor  string
	}{
		"small":     {0, "size=60m", "a lab needs", "warning: disk: 60 MB are free"},
		"full":      {0, "size=4k", "LABCTL_HOME", "warning: disk: 0 MB are free"},
		"read-only": {syscall.MS_RDONLY, "", "read-only file system", "failed: state directory"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.inventory()
			w.mountHome(c.flags, c.options)
			w.wants(4, []string{c.says, "LABCTL_HOME"}, "start", labName)
			wantText(t, w.try("doctor").out, c.doctor)
			if left := w.environments(); len(left) > 0 {
				t.Errorf("made %v", left)
			}
			must(t, syscall.Unmount(w.home, 0))
			before.wantSame(t)
		})
	}
}

// TestDiskFillsUp fills the disk below a running environment.
func TestDiskFillsUp(t *testing.T) {
	w := newWorld(t)
	w.mountHome(0, "size=1500m")
	w.labctl("start", labName)
	fill(t, filepath.Join(w.home, "ballast"))
	// The cluster's store ends when it cannot write, which comes now or a little
	// later: no verdict is a wrong one.
	check := w.try("check", "deploy")
	verdict := map[int]string{1: "DeploymentMissing", 4: "ClusterUnreachable"}[check.code]
	if verdict == "" {
		t.Error(check)
	}
	check.wants(t, check.code, verdict, "not in your history", "no space left", "Free some space")
	w.wants(4, []string{"no space left", "Free some space"}, "hint", "deploy")
	w.wants(0, nil, "stop")
	if left := w.environments(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if _, err := f.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwoStartsAtOnce has two learners type the same at the same moment.
func TestTwoStartsAtOnce(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	one, two := w.begin("start", labName), w.begin("start", labName)
	first, second := one.wait(), two.wait()
	t.Logf("%v\n%v", first, second)
	if first.code != 0 {
		first, second = second, first
	}
	first.wants(t, 0)
	if second.code != 0 {
		second.wants(t, 4, "another labctl", "--env")
	}
	w.wantRunning(settling)
	w.labctl("stop")
	w.wantGone(before)
	if strings.Contains(second.err, "panic") {
		t.Error(second)
	}
}
