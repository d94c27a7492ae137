//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCrashesAtAnyMoment kills processes at random moments of commands, and
// wants the machine, the learner's work and the next command to come out well
// each time.
func TestCrashesAtAnyMoment(t *testing.T) {
	random, n := chance(t)
	playAll(t, moments(random, n))
}

// TestCrashesAtLedgerSteps kills them when the ledger has just been written:
// when something is about to be made, or has been undone.
func TestCrashesAtLedgerSteps(t *testing.T) {
	random, n := chance(t)
	steps := ledgerSteps()
	random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	playAll(t, steps[:min(n, len(steps))])
}

func playAll(t *testing.T, all []crash) {
	order := []string{"start", "check", "reset", "stop"} // saves starts
	slices.SortStableFunc(all, func(a, b crash) int {
		return slices.Index(order, a.during) - slices.Index(order, b.during)
	})
	w := newWorld(t)
	s := &scene{world: w, before: w.inventory()}
	for i, c := range all {
		began := time.Now()
		t.Logf("== %d: %v", i+1, c)
		s.play(c)
		t.Logf("   %.1f s in all", time.Since(began).Seconds())
		if t.Failed() {
			t.Fatalf("the environment came out wrong after %v", c)
		}
	}
	s.wantStarted()
	w.labctl("stop")
	w.wantGone(s.before)
}

// scene is a world between two crashes.
type scene struct {
	*world

	before inventory
	work   string // what the learner has in the cluster; empty before it is solved
}

// play does one crash and mends what it broke, as a learner would.
func (s *scene) play(c crash) {
	s.t.Helper()
	s.prepare(c.during)
	command := s.begin(c.command()...)
	hit := c.strike(s.world, command)
	r := command.wait()
	s.t.Logf("   killed %d %s; labctl %s -> %d: %s", hit, c.victim, c.during, r.code, strings.TrimSpace(r.err))
	if strings.Contains(r.err, "panic") || strings.Contains(r.err, "UnhandledError") {
		s.t.Error(r)
	}
	s.awaitCalm()
	s.labctl("gc")
	switch c.during {
	case "start":
		s.afterStart()
	case "check":
		s.afterCheck()
	case "reset":
		s.afterReset()
	case "stop":
		s.afterStop()
	}
}

// prepare brings about what a command needs.
func (s *scene) prepare(during string) {
	s.t.Helper()
	switch during {
	case "start":
		if len(s.environments()) > 0 {
			s.labctl("stop", "--discard")
		}
		s.work = ""
	case "check":
		s.wantStarted()
		if s.work == "" {
			s.solve()
			s.settle()
			s.work = s.world.work()
		}
	default:
		s.wantStarted()
		must(s.t, os.WriteFile(filepath.Join(s.envDir(), "workspace", "mine.txt"), []byte("precious"), 0o644))
	}
}

// wantStarted fails unless start brings about a working environment.
func (s *scene) wantStarted() {
	s.t.Helper()
	s.labctl("start", labName)
	s.wantRunning(mending)
}

// awaitCalm waits until the supervisor, if there is one, has ended what it was
// doing: it rolls back, or goes on, without its client.
func (s *scene) awaitCalm() {
	s.t.Helper()
	eventually(s.t, hang, "the supervisor is done", func() error {
		if len(s.find("supervisor")) == 0 {
			return nil
		}
		r := s.begin("status").wait()
		busy := containsAll(r.out, "starting") || containsAll(r.out, "stopping") || containsAll(r.out, "resetting")
		return errIf(r.code == 0 && busy || r.code != 0 && len(s.environments()) > 0, "%v", r)
	})
}

// afterStart wants nothing left, or an environment that works.
func (s *scene) afterStart() {
	s.t.Helper()
	if len(s.environments()) == 0 {
		s.wantGone(s.before)
		return
	}
	s.wantStarted()
}

// afterCheck wants the learner's work as it was before the check.
func (s *scene) afterCheck() {
	s.t.Helper()
	s.wantStarted()
	s.labctl("gc") // what was out of reach before the start
	if open := s.stimuli(); len(open) > 0 {
		s.t.Errorf("the ledger still has %v", open)
	}
	s.wantWork(s.work)
	s.wantSettled()
	s.kubectl("rollout", "status", "deployment/web", "--timeout=2m")
	eventually(s.t, mending, "no load is left", func() error {
		return errIf(len(s.find("load")) > 0, "%v", s.find("load"))
	})
}

// afterReset wants a reset to work now.
func (s *scene) afterReset() {
	s.t.Helper()
	s.wantStarted()
	s.labctl("reset")
	s.work = ""
	s.wantAtStart()
	s.wantKept()
}

// afterStop wants nothing left but the learner's files.
func (s *scene) afterStop() {
	s.t.Helper()
	s.work = ""
	if len(s.environments()) > 0 {
		s.labctl("stop")
	}
	s.wantGone(s.before)
	s.wantKept()
}

// wantKept wants a copy of the learner's file, and drops it.
func (s *scene) wantKept() {
	s.t.Helper()
	saved, _ := filepath.Glob(filepath.Join(s.home, "saved/*/mine.txt"))
	if len(saved) == 0 {
		s.t.Errorf("the learner's file is gone; there is %v", list(filepath.Join(s.home, "saved")))
	}
	must(s.t, os.RemoveAll(filepath.Join(s.home, "saved")))
}
