package check

import (
	"context"
	"errors"
	"log/slog"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// at is what is to be seen from a moment on.
type at struct {
	from time.Duration
	o    probe.Observation
	err  error
}

// film is a probe that shows a prepared sequence. With follow it tells of each
// change, else it has to be asked.
type film struct {
	begun  time.Time
	scenes []at
}

func (f *film) Look(context.Context) (probe.Observation, error) {
	now := f.scenes[0]
	for _, s := range f.scenes {
		if time.Since(f.begun) >= s.from {
			now = s
		}
	}
	return now.o, now.err
}

type followed struct{ film }

func (f *followed) Follow(ctx context.Context, see func(probe.Observation) bool) error {
	for i, s := range f.scenes {
		if i+1 < len(f.scenes) && time.Since(f.begun) >= f.scenes[i+1].from {
			continue // it was so before anybody followed
		}
		if wait := s.from - time.Since(f.begun); wait > 0 && !sleep(ctx, wait) {
			return ctx.Err()
		}
		if s.err != nil {
			return s.err
		}
		if !see(s.o) {
			return nil
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func saw(n int) probe.Observation {
	return probe.Observation{Found: true, Self: map[string]any{"n": int64(n)}}
}

func behaving(n int) probe.Observation {
	o := saw(n)
	o.Behaviour = true
	return o
}

func unfit(n int) probe.Observation {
	o := saw(n)
	o.Unfit = "too busy"
	return o
}

var errAway = syscall.ECONNREFUSED

// movingUntil moves until a moment, and has last changed then.
func movingUntil(d time.Duration) func(time.Time) progress.State {
	return func(begun time.Time) progress.State {
		return progress.State{Moving: time.Since(begun) < d, Changed: begun.Add(min(d, time.Since(begun)))}
	}
}

func still(time.Time) progress.State { return progress.State{} }

func TestWait(t *testing.T) {
	const s = time.Second
	x := func(within, dwell time.Duration) lab.Expect {
		return lab.Expect{That: "self.n == 1", Within: lab.Duration(within), For: lab.Duration(dwell)}
	}
	contradicts := x(30*s, 0)
	contradicts.Contradicts = "self.n > 5"
	converging := x(5*s, 0)
	converging.Converging = "self.n == 2"
	undecided := x(5*s, 0)
	undecided.That = "10 / self.n == 10"
	contradicted := undecided
	contradicted.Contradicts = "self.n == 0"
	tests := map[string]struct {
		x         lab.Expect
		scenes    []at
		progress  func(time.Time) progress.State
		disturbed bool
		want      Verdict
		code      string
		after     time.Duration // how long it takes, to half a second
	}{
		"it cannot be evaluated":            {x: undecided, scenes: []at{{0, saw(0), nil}}, want: Error, code: CodeExpressionFailed},
		"it can be evaluated later":         {x: undecided, scenes: []at{{0, saw(0), nil}, {2 * s, saw(1), nil}}, progress: movingUntil(9 * s), want: Pass, after: 2 * s},
		"evaluated or not, it contradicts":  {x: contradicted, scenes: []at{{0, saw(0), nil}}, want: Fail, code: CodeNotAsExpected},
		"true at once":                      {x: x(0, 0), scenes: []at{{0, saw(1), nil}}, want: Pass},
		"becomes true while it moves":       {x: x(30*s, 0), scenes: []at{{0, saw(0), nil}, {2 * s, saw(1), nil}}, progress: movingUntil(9 * s), want: Pass, after: 2 * s},
		"nothing moves: fails at once":      {x: x(30*s, 0), scenes: []at{{0, saw(0), nil}}, want: Fail, code: CodeNotAsExpected},
		"stops moving: fails then":          {x: x(30*s, 0), scenes: []at{{0, saw(0), nil}}, progress: movingUntil(4 * s), want: Fail, code: CodeNotAsExpected, after: 4 * s},
		"moves past the deadline: pending":  {x: x(5*s, 0), scenes: []at{{0, saw(0), nil}}, progress: movingUntil(60 * s), want: Pending, code: CodeNotAsExpected, after: 5 * s},
		"one look, moving: pending":         {x: x(0, 0), scenes: []at{{0, saw(0), nil}}, progress: movingUntil(60 * s), want: Pending, code: CodeNotAsExpected},
		"one look, still: fail":             {x: x(0, 0), scenes: []at{{0, saw(0), nil}, {1, saw(1), nil}}, want: Fail, code: CodeNotAsExpected},
		"not there":                         {x: x(0, 0), scenes: []at{{0, probe.Observation{Missing: "no web"}, nil}}, want: Fail, code: CodeNotFound},
		"fresh is worth a look":             {x: x(30*s, 0), scenes: []at{{0, saw(0), nil}}, progress: freshFor(2 * s), want: Fail, code: CodeNotAsExpected, after: 2 * s},
		"fresh at the deadline: fail":       {x: x(0, 0), scenes: []at{{0, saw(0), nil}}, progress: freshFor(2 * s), want: Fail, code: CodeNotAsExpected},
		"disturbed: waits it out":           {x: x(7*s, 0), scenes: []at{{0, saw(0), nil}}, disturbed: true, want: Fail, code: CodeNotAsExpected, after: 7 * s},
		"contradicted: fails now":           {x: contradicts, scenes: []at{{0, saw(0), nil}, {3 * s, saw(9), nil}}, progress: movingUntil(60 * s), want: Fail, code: CodeNotAsExpected, after: 3 * s},
		"converging: pending":               {x: converging, scenes: []at{{0, saw(2), nil}}, want: Pending, code: CodeNotAsExpected, after: 5 * s},
		"converged into wrong: fail":        {x: converging, scenes: []at{{0, saw(2), nil}, {2 * s, saw(3), nil}}, want: Fail, code: CodeNotAsExpected, after: 2 * s},
		"holds long enough":                 {x: x(0, 3*s), scenes: []at{{0, saw(1), nil}}, want: Pass, after: 3 * s},
		"a dip without patience: fail":      {x: x(0, 3*s), scenes: []at{{0, saw(1), nil}, {s, saw(0), nil}, {2 * s, saw(1), nil}}, want: Fail, code: CodeNotAsExpected, after: s},
		"a dip while it moves: fail too":    {x: x(0, 3*s), scenes: []at{{0, saw(1), nil}, {s, saw(0), nil}}, progress: movingUntil(60 * s), want: Fail, code: CodeNotAsExpected, after: s},
		"a dip restarts the clock":          {x: x(9*s, 3*s), scenes: []at{{0, saw(1), nil}, {2 * s, saw(0), nil}, {4 * s, saw(1), nil}}, progress: movingUntil(60 * s), want: Pass, after: 7 * s},
		"a dip after the deadline: pending": {x: x(1*s, 9*s), scenes: []at{{0, saw(1), nil}, {5 * s, saw(0), nil}}, progress: movingUntil(60 * s), want: Pending, code: CodeNotAsExpected, after: 5 * s},
		"may hold past the deadline":        {x: x(2*s, 4*s), scenes: []at{{0, saw(0), nil}, {s, saw(1), nil}}, progress: movingUntil(60 * s), want: Pass, after: 5 * s},
		"the server is away for a moment":   {x: x(0, 0), scenes: []at{{0, saw(0), errAway}, {2 * s, saw(1), nil}}, want: Pass, after: 2 * s},
		"the server stays away: error":      {x: x(0, 0), scenes: []at{{0, saw(0), errAway}}, want: Error, code: CodeProbeFailed, after: 3 * s},
		"away while it holds: restarts":     {x: x(9*s, 3*s), scenes: []at{{0, saw(1), nil}, {s, saw(1), errAway}, {2 * s, saw(1), nil}}, want: Pass, after: 5 * s},
		"cannot be seen: error now":         {x: x(30*s, 0), scenes: []at{{0, saw(0), errors.New("forbidden")}}, want: Error, code: CodeProbeFailed},
		"unfit to the end: error":           {x: x(4*s, 0), scenes: []at{{0, unfit(1), nil}}, want: Error, code: CodeLoadUnfit, after: 4 * s},
		"unfit at first":                    {x: x(4*s, 0), scenes: []at{{0, unfit(1), nil}, {2 * s, saw(1), nil}}, want: Pass, after: 2 * s},
		"unfit cannot contradict":           {x: contradicts, scenes: []at{{0, unfit(9), nil}}, want: Error, code: CodeLoadUnfit},
		"behaviour has its time":            {x: x(6*s, 0), scenes: []at{{0, behaving(0), nil}}, progress: changedAgo(2 * s), want: Fail, code: CodeNotAsExpected, after: 4 * s},
		"behaviour long after any change":   {x: x(6*s, 0), scenes: []at{{0, behaving(0), nil}}, progress: changedAgo(time.Hour), want: Fail, code: CodeNotAsExpected},
	}
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		for _, way := range []string{"asked", "followed"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					begun := time.Now()
					s := stage(t, begun, tt.progress)
					s.disturbed = tt.disturbed
					x, err := compile(env, tt.x)
					if err != nil {
						t.Fatal(err)
					}
					var p probe.Probe = &film{begun, tt.scenes}
					if way == "followed" {
						p = &followed{film{begun, tt.scenes}}
					}
					f := s.wait(t.Context(), x, p)
					took := time.Since(begun)
					if f.verdict != tt.want || f.code != tt.code {
						t.Errorf("verdict %s %s (%s), want %s %s", f.verdict, f.code, f.message, tt.want, tt.code)
					}
					if d := took - tt.after; d < 0 || d > 500*time.Millisecond {
						t.Errorf("took %s, want %s", took, tt.after)
					}
				})
			})
		}
	}
}

// TestFollowingMissesNoDip shows a state too short for asking to notice.
func TestFollowingMissesNoDip(t *testing.T) {
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		x, err := compile(env, lab.Expect{That: "self.n == 1", For: lab.Duration(3 * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		dip := []at{{0, saw(1), nil}, {time.Second, saw(0), nil}, {time.Second + time.Millisecond, saw(1), nil}}
		s := stage(t, begun, nil)
		if f := s.wait(t.Context(), x, &followed{film{begun, dip}}); f.verdict != Fail {
			t.Errorf("a dip of a millisecond went unnoticed: %s", f.verdict)
		}
	})
}

func TestWaitIsInterrupted(t *testing.T) {
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		x, err := compile(env, lab.Expect{That: "self.n == 1", Within: lab.Duration(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		s := stage(t, begun, movingUntil(time.Hour))
		f := s.wait(ctx, x, &film{begun, []at{{0, saw(0), nil}}})
		if f.verdict != Error || f.code != CodeCancelled || time.Since(begun) > 3*time.Second {
			t.Errorf("%s %s after %s", f.verdict, f.code, time.Since(begun))
		}
	})
}

func freshFor(d time.Duration) func(time.Time) progress.State {
	return func(begun time.Time) progress.State { return progress.State{Fresh: time.Since(begun) < d} }
}

func changedAgo(d time.Duration) func(time.Time) progress.State {
	return func(begun time.Time) progress.State { return progress.State{Changed: begun.Add(-d)} }
}

// stage makes a scenario whose cluster moves as told.
func stage(t *testing.T, begun time.Time, state func(time.Time) progress.State) *scenario {
	t.Helper()
	if state == nil {
		state = still
	}
	r := &Runner{Target: Target{Lab: &lab.Resolved{Lab: &lab.Lab{}}, Log: slog.New(slog.DiscardHandler)}}
	r.progress = func(context.Context, probe.About) (progress.State, error) { return state(begun), nil }
	return r.newScenario(&node{check: &lab.Check{}}, false)
}
