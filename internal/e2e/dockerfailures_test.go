//go:build e2e && linux

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fragile is a lab with a container, looked at for so long that things can happen
// meanwhile. It runs under the name that the world's helpers know.
const fragile = `
apiVersion: labctl.dev/v1alpha1
name: fragile
title: Fragile
summary: Keep it running.
level: beginner
minutes: 5
needs: {components: [docker]}
images:
  web: {ref: "labctl.dev/web:v1", app: web}
docker:
  networks: [given]
  containers:
  - {name: given, image: $(images.web), network: given, publish: ["38478:8080"]}
tasks:
- id: keep
  title: Keep it
  hints: [h]
  checks:
  - {id: runs, title: It runs, expect: [{docker: {container: given}, that: self.State.Running, code: Stopped, message: It does not run.}]}
  - id: stays
    title: It stays
    expect:
    - {exec: {of: container/given, command: [sh, -c, "echo > /proc/1/fd/1 looked"]}, that: self.exitCode == 0, code: Stopped, message: It does not run.}
    - {docker: {container: given}, that: self.State.Running, within: 30s, for: 20s, code: Stopped, message: It does not run.}
  - id: paused
    title: It may be paused
    when: [{docker: {pause: given}}]
    expect: [{docker: {container: given}, that: "self.Name == 'no'", within: 60s, code: Never, message: M}]
`

// startFragile writes the lab, and returns what a learner types.
func (w *world) startFragile() []string {
	w.t.Helper()
	dir := filepath.Join(w.dir, "fragile")
	must(w.t, os.MkdirAll(filepath.Join(dir, "tasks"), 0o755))
	must(w.t, os.WriteFile(filepath.Join(dir, "lab.yaml"), []byte(fragile), 0o644))
	must(w.t, os.WriteFile(filepath.Join(dir, "tasks/keep.md"), []byte("# Keep $(images.web)\n\n<!-- explanation -->\nWell.\n"), 0o644))
	return []string{"start", "./fragile", "--trust", "--env", labName}
}

// TestDockerInterrupted presses Ctrl-C in each step of a start with a Docker Engine
// of labctl's own, in a check, a reset and a stop.
func TestDockerInterrupted(t *testing.T) {
	w := newWorld(t)
	start := w.startFragile()
	before := w.inventory()
	for _, done := range []string{"state:", "engine:", "docker:", "images:", "containers:", "workspace:"} {
		s := w.begin(start...)
		s.says(done, 1)
		s.signal(os.Interrupt)
		r := s.wait()
		t.Logf("Ctrl-C after %q: %v", done, r)
		if r.code == 0 { // it was quicker
			w.labctl("stop")
		} else {
			r.wants(t, 130, "interrupted")
		}
		w.wantGone(before)
	}

	w.labctl(start...)
	there := w.containers()
	check := w.begin("check", "keep/paused")
	w.awaitStimulus(check, "pause")
	check.signal(os.Interrupt)
	check.wait().wants(t, 130, "interrupted", "undone")
	if now := w.containers(); now != there {
		t.Errorf("after the check there is\n%s\nwant\n%s", now, there)
	}
	check = w.begin("check", "keep/stays")
	w.awaitLook(check)
	check.signal(os.Interrupt)
	check.wait().wants(t, 130, "interrupted")

	for _, step := range []string{"parts", "workspace"} {
		reset := w.begin("reset")
		reset.says(step, 1)
		reset.signal(os.Interrupt)
		if r := reset.wait(); r.code != 0 {
			r.wants(t, 130, "interrupted", "goes on")
		}
		w.wantRunning(mending)
		w.wants(0, nil, "check", "keep/runs")
	}
	stop := w.begin("stop")
	w.awaitPhase("stopping", stop)
	stop.signal(os.Interrupt)
	if r := stop.wait(); r.code != 0 {
		r.wants(t, 130, "interrupted", "goes on")
	}
	w.wantGone(before)
}

// awaitLook waits until the check has looked for the first time.
func (w *world) awaitLook(check *running) {
	w.t.Helper()
	eventually(w.t, hang, "the check looks", func() error {
		if check.ended() {
			w.t.Fatalf("the check ended before: %v", check.wait())
		}
		said := w.inShell("docker logs given 2>&1")
		return errIf(!strings.Contains(said, "looked"), "it said %q", said)
	})
}

// TestDockerFails has labctl's own Docker Engine fail, and what it stands on: the
// learner is blamed only for what they did.
func TestDockerFails(t *testing.T) {
	w := newWorld(t)
	start := w.startFragile()
	before := w.inventory()

	t.Log("== somebody else has the port")
	l, err := net.Listen("tcp", "127.0.0.1:38478")
	must(t, err)
	r := w.try(start...)
	t.Log(r)
	must(t, l.Close())
	r.wants(t, 4, "38478", "another program of this machine", "ss -ltnp")
	w.wantGone(before)

	for _, victim := range []string{"dockerd", "labinit"} {
		t.Logf("== %s dies amid a start", victim)
		s := w.begin(start...)
		s.says("docker:", 1)
		w.kill(victim)
		r := s.wait()
		t.Log(r)
		if r.code != 0 { // dockerd is started again, and may be in time
			r.wants(t, 4, "labctl ")
			w.wantGone(before)
		} else {
			w.labctl("stop")
		}
	}

	w.labctl(start...)
	for _, victim := range []string{"dockerd", "labinit"} {
		t.Logf("== %s dies amid a check", victim)
		check := w.begin("check", "keep/stays", "-o", "json")
		w.awaitLook(check)
		if w.kill(victim) == 0 {
			t.Fatalf("there is no %s", victim)
		}
		r := check.wait()
		t.Log(r.out)
		r.wants(t, 4, `"verdict": "error"`)
		if strings.Contains(r.out, `"verdict": "fail"`) {
			t.Errorf("the learner is blamed: %v", r)
		}
		if victim == "labinit" {
			w.wants(0, []string{"broken", "labctl start"}, "status")
			doc, r := w.json("check")
			wantError(t, doc, r)
			w.wants(0, []string{"is back"}, "start")
		}
		w.wantRunning(mending)
		w.wants(1, []string{"It does not run"}, "check", "keep/runs") // it stopped, and nothing was to start it
		w.labctl("reset")
		w.wants(0, nil, "check", "keep/runs", "keep/stays")
	}

	t.Log("== the learner removes what the lab gave")
	w.inShell("docker rm -f given && docker network rm given")
	w.wants(1, []string{"given"}, "check", "keep/runs")
	w.labctl("reset")
	w.wants(0, nil, "check", "keep/runs")

	t.Log("== the engine falls silent")
	pids := w.find("dockerd")
	for _, pid := range pids {
		must(t, syscall.Kill(pid, syscall.SIGSTOP))
	}
	w.wants(0, []string{"health", "does not answer"}, "status")
	doc, r := w.json("check", "keep/runs")
	for _, pid := range pids {
		must(t, syscall.Kill(pid, syscall.SIGCONT))
	}
	wantError(t, doc, r)
	w.wants(0, nil, "check", "keep/runs")
	w.labctl("stop")
	w.wantGone(before)
}

// TestDockerDiskFillsUp fills the disk below a lab with Docker.
func TestDockerDiskFillsUp(t *testing.T) {
	w := newWorld(t)
	w.mountHome(0, "size=1500m")
	start := w.startFragile()
	w.labctl(start...)
	fill(t, filepath.Join(w.home, "ballast"))
	r := w.try("check", "keep/runs")
	t.Log(r)
	r.wants(t, 0, "not in your history", "Free some space")
	r = w.try("reset")
	t.Log(r)
	r.wants(t, 4, "no space left", "Free some space")
	w.wants(0, nil, "stop")
	if left := w.environments(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
