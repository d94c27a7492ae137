//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/ledger"
)

// TestInterruptStart presses Ctrl-C in each step of a start.
func TestInterruptStart(t *testing.T) {
	w := newWorld(t)
	for _, done := range []string{"", "state:", "cluster:", "images:", "manifests:", "workloads:", "workspace:"} {
		before := w.inventory()
		start := w.begin("start", labName)
		if done == "" {
			eventually(t, time.Minute, "the start begins", func() error {
				return errIf(len(w.environments()) == 0 && !start.ended(), "no directory")
			})
		} else {
			start.says(done, 1)
		}
		start.signal(os.Interrupt)
		r := start.wait()
		t.Logf("Ctrl-C after %q: %v", done, r)
		if r.code == 0 { // it was quicker
			w.labctl("stop")
		} else {
			r.wants(t, 130, "interrupted")
		}
		w.wantGone(before)
	}
}

// TestInterruptWork presses Ctrl-C in checks, a reset and a stop.
func TestInterruptWork(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.labctl("start", labName)
	w.solve()
	work := w.work()
	for _, c := range []struct{ task, stimulus string }{
		{"configure", "apply"}, {"heal", "load"}, {"rollout", "rollout"}, {"heal", "exec"},
	} {
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
		eventually(t, mending, "no load is left", func() error { return errIf(len(w.find("load")) > 0, "%v", w.find("load")) })
	}
	watch := w.begin("check", "--watch")
	watch.says("deploy/deployment", 1)
	watch.signal(os.Interrupt)
	watch.wait().wants(t, 1)

	reset := w.begin("reset")
	reset.says("stimuli", 1)
	reset.signal(os.Interrupt)
	if r := reset.wait(); r.code != 0 {
		r.wants(t, 130, "interrupted", "goes on")
	}
	w.wantRunning(mending)
	w.wantAtStart()

	stop := w.begin("stop")
	w.awaitPhase("stopping", stop)
	stop.signal(os.Interrupt)
	if r := stop.wait(); r.code != 0 {
		r.wants(t, 130, "interrupted", "goes on")
	}
	w.wantGone(before)
}

// stimuli lists the stimuli that the ledger has open.
func (w *world) stimuli() []string {
	open, err := ledger.At(filepath.Join(w.envDir(), "ledger.jsonl")).Pending()
	must(w.t, err)
	var names []string
	for _, o := range open {
		if o.Kind == ledger.KindStimulus {
			names = append(names, o.Name)
		}
	}
	return names
}

// awaitStimulus waits until a check has a stimulus of that kind applied.
func (w *world) awaitStimulus(check *running, name string) {
	w.t.Helper()
	eventually(w.t, hang, "the stimulus "+name, func() error {
		open := w.stimuli()
		if name == "load" && len(w.find("load")) > 0 {
			return nil
		}
		if check.ended() {
			w.t.Fatalf("the check ended before: %v", check.wait())
		}
		return errIf(!strings.Contains(strings.Join(open, " "), name), "open are %v", open)
	})
}

// awaitPhase waits until the environment's record has a phase, or the command
// has ended.
func (w *world) awaitPhase(phase string, command *running) {
	w.t.Helper()
	eventually(w.t, time.Minute, "the phase "+phase, func() error {
		data, err := os.ReadFile(filepath.Join(w.envDir(), "env.json"))
		gone := os.IsNotExist(err) || command.ended()
		return errIf(!gone && !containsAll(string(data), `"`+phase+`"`), "%s", data)
	})
}

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
