//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/lab"
)

// TestJourney is the README's path, from the list of labs to the end of one.
func TestJourney(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	wantText(t, w.labctl("list"), labName)
	d, r := w.json("start", labName)
	r.wants(t, 0)
	wantShape(t, d, startShape)
	t.Logf("ready after %v ms: %v", d["readyMs"], d["steps"])

	w.lookAround()
	w.checkUntouched()
	w.watchWork()
	w.checkSolved()
	w.startOver()

	t.Log(w.labctl("stop"))
	w.wantGone(before)
	wantText(t, w.labctl("gc"), "nothing to remove")
}

// lookAround asks all that needs no work.
func (w *world) lookAround() {
	t := w.t
	d, r := w.json("status")
	r.wants(t, 0)
	wantShape(t, d, statusShape)
	d, r = w.json("tasks")
	r.wants(t, 0)
	wantShape(t, d, tasksShape)
	if n := len(d["tasks"].([]any)); n < 7 {
		t.Errorf("%d tasks", n)
	}
	wantText(t, w.labctl("tasks", "deploy"), "labctl.dev/hello:v1")
	first, second := w.labctl("hint", "deploy"), w.labctl("hint", "deploy")
	wantText(t, first, "Hint 1 of 3")
	wantText(t, second, "Hint 2 of 3")
	d, _ = w.json("doctor")
	wantShape(t, d, "")

	wantText(t, w.kubectl("get", "nodes"), "lab-control-plane", "Ready")
	shell := w.beginWith("pwd\nkubectl get deployment orders -o name\nlabctl status\nexit 7\n", "shell").wait()
	shell.wants(t, 7, "/workspace", "deployment.apps/orders", "running")
	if _, err := os.Stat(filepath.Join(w.dir, "user/.kube/config")); err == nil {
		t.Error("labctl wrote to ~/.kube/config")
	}
}

// checkUntouched compares what checks say with what verdicts/untouched promises.
func (w *world) checkUntouched() {
	t := w.t
	promised := untouched(t)
	d, r := w.json("check")
	r.wants(t, 1)
	wantShape(t, d, checkShape)
	for id, c := range checks(d) {
		want, verdict := promised[id], "fail"
		if want == "" {
			want, verdict = "NeedsNotPassed", "blocked"
		}
		if c["verdict"] != verdict || c["code"] != want || c["points"] != 0.0 || c["message"] == "" {
			t.Errorf("%s is %v, want %s %s", id, c, verdict, want)
		}
	}
	w.wants(1, []string{"There is no Deployment named web"}, "check", "deploy")
}

// untouched is what the lab's own proof says of it before any work is done.
func untouched(t *testing.T) map[string]string {
	cases, problems := load(t).Cases(nil)
	must(t, problems.Err())
	for _, c := range cases {
		if c.Kind == lab.Untouched {
			return c.Fails
		}
	}
	t.Fatal("the lab has no case untouched")
	return nil
}

// checks maps "task/check" to the results of a report.
func checks(d document) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, task := range d["tasks"].([]any) {
		task := task.(map[string]any)
		for _, c := range task["checks"].([]any) {
			c := c.(map[string]any)
			all[task["id"].(string)+"/"+c["id"].(string)] = c
		}
	}
	return all
}

// watchWork sees a check change while the learner works.
func (w *world) watchWork() {
	watch := w.begin("check", "--watch")
	watch.says("fail\tdeploy/deployment", 1)
	w.kubectl("create", "deployment", "web", "--image=labctl.dev/hello:v1")
	began := time.Now()
	watch.says("pass\tdeploy/deployment", 1)
	w.t.Logf("check --watch saw the Deployment after %v", time.Since(began))
	w.kubectl("delete", "deployment", "web")
	watch.says("fail\tdeploy/deployment", 2)
	watch.signal(os.Interrupt)
	watch.wait().wants(w.t, 1)
}

// checkSolved does all tasks, and wants all points.
func (w *world) checkSolved() {
	t := w.t
	w.solve()
	work := w.work()
	d, r := w.json("check")
	r.wants(t, 0)
	wantShape(t, d, checkShape)
	if d["verdict"] != "pass" || d["score"] != d["maxScore"] {
		t.Errorf("the solved lab gets %v", d)
	}
	w.wantWork(work)
	wantText(t, w.labctl("status"), "in 3 runs")
	d, _ = w.json("tasks", "rollout")
	if d["tasks"].([]any)[0].(map[string]any)["explanation"] == nil {
		t.Error("no explanation though the task passed")
	}
}

// startOver resets, which clears the cluster and keeps the files.
func (w *world) startOver() {
	t := w.t
	w.settle()
	watch := w.begin("kubectl", "get", "configmaps", "--watch", "-o", "name")
	watch.says("configmap/mine", 1)
	d, r := w.json("reset")
	r.wants(t, 0)
	t.Logf("reset took %v ms: %v", d["ms"], d["steps"])
	w.wantAtStart()
	wantText(t, strings.Join(list(d["saved"].(string)), " "), "web.yaml", "orders.yaml")
	w.kubectl("create", "configmap", "afterwards")
	watch.says("configmap/afterwards", 1)
	if watch.ended() {
		t.Error("reset ended a watch")
	}
	watch.signal(os.Interrupt)
	watch.wait()
	w.kubectl("delete", "configmap", "afterwards")
}

// wantAtStart fails unless nothing of the learner's is in the cluster.
func (w *world) wantAtStart() {
	w.t.Helper()
	names := w.kubectl("get", "deployments,configmaps,persistentvolumeclaims,pods,persistentvolumes", "-o", "name")
	for _, mine := range []string{"/mine", "/keeper", "/web", "persistentvolume/"} {
		if strings.Contains(names, mine) {
			w.t.Errorf("reset left %s of\n%s", mine, names)
		}
	}
	wantText(w.t, names, "deployment.apps/orders")
	if files := list(filepath.Join(w.envDir(), "workspace")); strings.Join(files, " ") != "README.md" {
		w.t.Errorf("after reset the workspace has %v", files)
	}
}
