//go:build e2e && linux

package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// wantError wants of all checks that they say the environment broke: a learner
// is never blamed for that, and never praised.
func wantError(t *testing.T, d document, r result) {
	t.Helper()
	r.wants(t, 4)
	if d["tasks"] == nil {
		t.Fatalf("no report: %v", r)
	}
	for id, c := range checks(d) {
		if c["verdict"] != "error" || c["points"] != 0.0 || c["message"] == "" {
			t.Errorf("%s is %v, want error", id, c)
		}
	}
}

// TestKindLosesDocker lives through the ends of the user's Docker, with one
// environment: what labctl says meanwhile, and that a start brings the work back.
func TestKindLosesDocker(t *testing.T) {
	w, d := newKindWorld(t)
	before := w.inventory()
	w.labctl(startKind()...)
	w.settle()

	for _, lose := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Logf("== Docker ends by %v", lose)
		d.end(lose)
		w.wants(0, []string{"broken", "labctl start"}, "status")
		doc, r := w.json("check")
		wantError(t, doc, r)
		for range 2 { // with the supervisor of before, and without
			w.wants(4, []string{"no Docker Engine answers", "systemctl start docker"}, "start")
		}
		w.wants(4, []string{"labctl start"}, "check")
		w.wants(4, []string{"labctl start"}, "reset")
		d.begin()
		w.wants(0, []string{"stopped", "labctl start"}, "status")
		w.wants(0, []string{"is back"}, "start")
		w.wantRunning(mending)
		w.wantSettled()
		w.checkUntouched()
	}

	t.Log("== Docker is restarted, and nobody looks meanwhile")
	d.end(syscall.SIGTERM)
	d.begin()
	w.wants(0, []string{"broken", "labctl start"}, "status")
	w.wants(0, []string{"is back"}, "start")
	w.wantSettled()

	t.Log("== Docker falls silent")
	d.signal(syscall.SIGSTOP)
	w.wants(0, []string{"health", "does not answer"}, "status")
	kept := w.try("stop", "--keep")
	d.signal(syscall.SIGCONT)
	kept.wants(t, 4, "does not answer", "docker info")
	w.wants(0, []string{"is back"}, "start")
	w.wantSettled()

	t.Log("== Docker ends amid a check")
	w.solve()
	check := w.begin("check", "rollout", "-o", "json")
	w.awaitStimulus(check, "rollout")
	d.end(syscall.SIGKILL)
	r := check.wait()
	d.begin()
	t.Log(r.out)
	r.wants(t, 4, `"verdict": "error"`)
	if strings.Contains(r.out, `"verdict": "fail"`) {
		t.Errorf("the learner is blamed: %v", r)
	}
	w.wants(0, []string{"is back"}, "start")
	w.wants(0, nil, "check")

	t.Log("== Docker is down at the stop")
	d.end(syscall.SIGKILL)
	for range 2 {
		w.wants(4, []string{"no Docker Engine answers", "systemctl start docker"}, "stop")
	}
	d.begin()
	w.wants(0, []string{"is removed"}, "stop")
	w.wantGone(before)
	d.wantUntouched()
}

// TestKindLosesItsNode removes the node, as a learner may who tidies up Docker,
// and takes the port that a stopped cluster had.
func TestKindLosesItsNode(t *testing.T) {
	w, d := newKindWorld(t)
	before := w.inventory()
	w.labctl(startKind()...)

	t.Log("== somebody else has the port")
	w.labctl("stop", "--keep")
	port := w.port()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	must(t, err)
	r := w.try("start")
	t.Log(r)
	must(t, l.Close())
	r.wants(t, 4, fmt.Sprint(port), "ss -ltnp")
	w.wants(0, []string{"is back"}, "start")

	t.Log("== the learner tidies up Docker while it is stopped")
	w.labctl("stop", "--keep")
	d.run("network", "rm", "labctl-kind")
	w.wants(0, []string{"is back"}, "start")
	w.checkUntouched()

	t.Log("== the learner removes the claim and the node")
	d.run("volume", "rm", "labctl-"+w.clusterID())
	d.run("rm", "-f", "-v", "labctl-"+w.clusterID()+"-control-plane")
	w.wants(0, []string{"broken"}, "status")
	doc, r := w.json("check")
	wantError(t, doc, r)
	for range 2 {
		w.wants(4, []string{"was removed from Docker", "labctl stop --env " + labName}, "start")
	}
	w.wants(0, []string{"is removed"}, "stop")
	w.wantGone(before)
	d.wantUntouched()
}

// TestKindInterruptWork presses Ctrl-C in checks, a reset and a stop.
func TestKindInterruptWork(t *testing.T) {
	w, d := newKindWorld(t)
	before := w.inventory()
	w.labctl(startKind()...)
	w.solve()
	work := w.work()
	for _, c := range []struct{ task, stimulus string }{{"configure", "apply"}, {"rollout", "rollout"}, {"heal", "exec"}} {
		check := w.begin("check", c.task)
		w.awaitStimulus(check, c.stimulus)
		check.signal(os.Interrupt)
		r := check.wait()
		r.wants(t, 130, "interrupted", "undone")
		t.Logf("Ctrl-C in %s during %s: %.1f s", c.task, c.stimulus, r.took.Seconds())
		if open := w.stimuli(); len(open) > 0 {
			t.Errorf("the ledger still has %v", open)
		}
		w.wantWork(work)
	}
	for _, step := range []string{"stimuli", "workspace"} {
		reset := w.begin("reset")
		reset.says(step, 1)
		reset.signal(os.Interrupt)
		if r := reset.wait(); r.code != 0 {
			r.wants(t, 130, "interrupted", "goes on")
		}
		w.wantRunning(hang)
	}
	w.wantAtStart()

	stop := w.begin("stop")
	w.awaitPhase("stopping", stop)
	stop.signal(os.Interrupt)
	if r := stop.wait(); r.code != 0 {
		r.wants(t, 130, "interrupted", "goes on")
	}
	w.wantGone(before)
	d.wantUntouched()
}
