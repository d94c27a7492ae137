package check

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"labctl.dev/labctl/internal/lab"
)

// play runs a sketch: each check takes a second and has the verdict given. It
// returns when each began and the results.
func play(t *testing.T, l *lab.Lab, verdicts map[string]Verdict, lacking ...string) (string, map[string]Result) {
	t.Helper()
	p, err := planOf(t, l)
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{Target: Target{Engine: "test"}, plan: p}
	begun, log := time.Now(), make(chan string, 100)
	var running atomic.Int32
	results := map[string]Result{}
	s := &schedule{
		nodes: p.nodes,
		judge: func(_ context.Context, n *node) Result {
			log <- fmt.Sprintf("%s@%d", n.key, int(time.Since(begun).Seconds()))
			if now := running.Add(1); n.exclusive() && now > 1 || now > parallel {
				t.Errorf("%s runs beside %d others", n.key, now-1)
			}
			time.Sleep(time.Second)
			running.Add(-1)
			v, ok := verdicts[n.key]
			if !ok {
				v = Pass
			}
			return n.result(v, "")
		},
		done: func(n *node, r Result) { results[n.key] = r },
	}
	s.skip = func(n *node) (Result, bool) {
		for _, key := range lacking {
			if key == n.key {
				return n.result(Unassessable, CodeCapabilityMissing), true
			}
		}
		return r.skip(n, s.results)
	}
	s.run(t.Context())
	close(log)
	var order []string
	for entry := range log {
		order = append(order, entry)
	}
	return strings.Join(order, " "), results
}

func TestScheduleOrder(t *testing.T) {
	tests := map[string]struct {
		lab  []string
		want string
	}{
		"needs come first":             {[]string{"a/two: one", "a/one"}, "a/one@0 a/two@1"},
		"exclusive ones come alone":    {[]string{"a/x*", "a/y*", "a/one"}, "a/one@0 a/x@1 a/y@2"},
		"shared ones wait for those":   {[]string{"a/x*", "a/one: x", "a/y*"}, "a/x@0 a/one@1 a/y@2"},
		"exclusive in the lab's order": {[]string{"b/y*", "a/x*"}, "b/y@0 a/x@1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got, _ := play(t, sketch(t, tt.lab...), nil); got != tt.want {
					t.Errorf("ran %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestScheduleRunsSharedChecksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		for i := range 20 {
			lines = append(lines, fmt.Sprintf("a/c%d", i))
		}
		begun := time.Now()
		play(t, sketch(t, lines...), nil)
		if took := time.Since(begun); took != 3*time.Second { // 20 checks, 8 at once
			t.Errorf("took %s", took)
		}
	})
}

func TestBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := sketch(t, "a/fails", "a/after: fails", "a/last: after", "a/late", "a/afterlate: late", "a/lacks", "a/afterlacks: lacks", "a/broken", "a/afterbroken: broken")
		_, results := play(t, l, map[string]Verdict{"a/fails": Fail, "a/late": Pending, "a/broken": Error}, "a/lacks")
		want := map[string]Verdict{
			"a/fails": Fail, "a/after": Blocked, "a/last": Blocked, "a/late": Pending, "a/afterlate": Blocked,
			"a/lacks": Unassessable, "a/afterlacks": Pass, "a/broken": Error, "a/afterbroken": Blocked,
		}
		for key, v := range want {
			if results[key].Verdict != v {
				t.Errorf("%s: %s, want %s", key, results[key].Verdict, v)
			}
		}
	})
}

func TestReportCounts(t *testing.T) {
	l := sketch(t, "a/one", "a/two", "b/three", "b/four")
	p, err := planOf(t, l)
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{Target: Target{Lab: &lab.Resolved{Lab: l}}, plan: p}
	chosen, err := p.choose(nil)
	if err != nil {
		t.Fatal(err)
	}
	results := map[*node]Result{}
	for i, v := range []Verdict{Pass, Unassessable, Blocked, Pending} {
		results[p.nodes[i]] = p.nodes[i].result(v, "")
	}
	first := results[p.nodes[0]]
	first.Points = 1
	results[p.nodes[0]] = first
	report := r.report(chosen, results)
	if report.Score != 1 || report.MaxScore != 3 || report.Verdict != Pending ||
		report.Tasks[0].Verdict != Unassessable || report.Tasks[1].Verdict != Pending {
		t.Errorf("report %+v", report)
	}
	delete(results, p.nodes[0])
	if report = r.report(chosen, results); report.Verdict != Error {
		t.Errorf("a check that was not run: %s", report.Verdict)
	}
}
