package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"labctl.dev/labctl/internal/check/probe"
)

const (
	// transientTime is how long the API server may be away before a check
	// gives up: a component that crashed is started again within seconds.
	transientTime = 3 * time.Second
	// recheck is how often stillness is looked at when no change is seen.
	recheck = 250 * time.Millisecond
)

// finding is what an expectation, or a whole check, comes to.
type finding struct {
	verdict Verdict
	code    string
	message string
	// expectation and seen are set when an expectation was not met.
	expectation *expectation
	seen        look
	about       probe.About
	refusal     error // what the API answered to a stimulus
}

func passed() finding { return finding{verdict: Pass} }

func broken(code, format string, args ...any) finding {
	return finding{verdict: Error, code: code, message: fmt.Sprintf(format, args...)}
}

// wait is one expectation being waited for.
type wait struct {
	*scenario

	x        *expectation
	within   time.Duration // to become true
	dwell    time.Duration // to stay true
	begun    time.Time
	deadline time.Time
	held     time.Time // since when it holds without a break; zero if it does not
	dipped   bool      // it held, and then did not
	hopeless int       // looks in a row after which nothing moved
	lost     time.Time // since when nothing can be seen; zero if it can
	// undecided is why the last look could not be judged.
	undecided *undecidedError
}

// await waits until an expectation has been met for as long as it says, or it
// is clear that it will not be.
func (s *scenario) await(ctx context.Context, x *expectation) finding {
	p, err := probe.Of(s.probes, x.spec)
	if err != nil {
		return broken(CodeProbeFailed, "%v", err)
	}
	return s.wait(ctx, x, p)
}

func (s *scenario) wait(ctx context.Context, x *expectation, p probe.Probe) finding {
	w := &wait{scenario: s, x: x, within: x.spec.Within.Std(), dwell: x.spec.For.Std(), begun: time.Now()}
	if s.glance {
		w.within, w.dwell = 0, 0
	}
	w.deadline = w.begun.Add(w.within)
	source := newSource(ctx, p)
	defer source.close()
	var looked time.Time // for the first time; what comes until the last look is waiting
	for l := source.now(ctx); ; {
		if ctx.Err() != nil {
			return broken(CodeCancelled, "The run was interrupted.")
		}
		s.trace.look(x.name, l)
		until, f := w.judge(ctx, l)
		if f != nil {
			if !looked.IsZero() {
				s.waited += max(0, l.began.Sub(looked))
			}
			return *f
		}
		if looked.IsZero() {
			looked = time.Now()
		}
		l = source.next(ctx, until)
	}
}

// judge weighs one look: it returns the finding, if there is one, or else when
// to look again at the latest.
func (w *wait) judge(ctx context.Context, l look) (time.Time, *finding) {
	if l.err != nil {
		return w.blind(l)
	}
	w.lost = time.Time{}
	vars := w.vars(l.Self)
	holds, err := w.x.holds(ctx, l.Observation, vars)
	w.undecided = nil
	if err != nil && !errors.As(err, &w.undecided) {
		return time.Time{}, w.faulty(ctx, err)
	}
	if holds {
		return w.hold(l)
	}
	w.dipped = w.dipped || !w.held.IsZero()
	w.held = time.Time{}
	if l.Self != nil {
		contradicted, err := likely(ctx, w.x.contradicts, vars)
		if err != nil {
			return time.Time{}, w.faulty(ctx, err)
		}
		if contradicted && l.Unfit != "" {
			f := broken(CodeLoadUnfit, "This cannot be judged: %s.", l.Unfit)
			return time.Time{}, &f
		}
		if contradicted {
			return time.Time{}, w.unmet(Fail, l)
		}
	}
	return w.giveUp(ctx, l)
}

// blind weighs a look that saw nothing: the environment's fault, if it lasts.
// What happened meanwhile is not known, so it does not count as holding.
func (w *wait) blind(l look) (time.Time, *finding) {
	w.held = time.Time{}
	if w.lost.IsZero() {
		w.lost = l.began
	}
	overdue := l.ended.After(w.deadline.Add(w.dwell + transientTime)) // away again and again
	if l.ended.Sub(w.lost) < transientTime && transient(l.err) && !overdue {
		return l.ended.Add(recheck), nil
	}
	f := broken(CodeProbeFailed, "This could not be looked at: %v.", l.err)
	return time.Time{}, &f
}

// faulty is the finding of an expression that cannot be evaluated.
func (w *wait) faulty(ctx context.Context, err error) *finding {
	f := broken(CodeExpressionFailed, "The lab's own expression is at fault: %v.", err)
	var lab *expressionError
	if !errors.As(err, &lab) && ctx.Err() != nil {
		f = broken(CodeCancelled, "The run was interrupted.")
	}
	return &f
}

// hold weighs a look at which the expectation is met.
func (w *wait) hold(l look) (time.Time, *finding) {
	if w.held.IsZero() {
		w.held = l.ended
	}
	if w.dwell == 0 || l.began.Sub(w.held) >= w.dwell {
		f := passed()
		return time.Time{}, &f
	}
	return w.held.Add(w.dwell), nil
}

// giveUp weighs a look at which the expectation is not met: whether it may
// still be, and if not, whether it is wrong or only late.
func (w *wait) giveUp(ctx context.Context, l look) (time.Time, *finding) {
	late := !l.ended.Before(w.deadline)
	if late && l.Unfit != "" {
		f := broken(CodeLoadUnfit, "This cannot be judged: %s.", l.Unfit)
		return time.Time{}, &f
	}
	again := earlier(w.deadline, l.ended.Add(recheck))
	if l.Unfit != "" || l.Busy && !late {
		return again, nil
	}
	moving, worth, err := w.outlook(ctx, l)
	switch {
	case err != nil:
		l.err = err
		return w.blind(l)
	case late && w.dipped && w.within == 0:
		return time.Time{}, w.given(Fail, l) // it was to stay so, and did not
	case late && moving:
		return time.Time{}, w.given(Pending, l)
	case late || !worth && w.hopeless > 0:
		return time.Time{}, w.given(Fail, l)
	case !worth:
		// What moves may hide for an instant between two objects: look twice.
		w.hopeless++
	default:
		w.hopeless = 0
	}
	return again, nil
}

// outlook tells whether the work is on its way, and whether looking again is
// worth while.
func (w *wait) outlook(ctx context.Context, l look) (moving, worth bool, err error) {
	converging, err := likely(ctx, w.x.converging, w.vars(l.Self))
	if err != nil || converging {
		return converging, converging, err
	}
	state, err := w.progress(ctx, l.About)
	if err != nil {
		return false, false, err
	}
	state.Moving = state.Moving && !w.x.written
	worth = state.Moving || state.Fresh || w.disturbed
	if l.Behaviour {
		// Programs take their time without a sign; the time they are given
		// counts from the last change that they can have noticed.
		since := later(state.Changed, w.stimulated)
		worth = worth || l.ended.Before(since.Add(w.within))
	}
	return state.Moving, worth, nil
}

// given is the finding when patience is at its end. An expression that could not
// be evaluated accuses nobody: its message would be about something else.
func (w *wait) given(v Verdict, l look) *finding {
	if w.undecided == nil {
		return w.unmet(v, l)
	}
	f := broken(CodeExpressionFailed, "This cannot be judged: the lab's expression does not cope with what is there (%v).", w.undecided)
	return &f
}

func (w *wait) unmet(v Verdict, l look) *finding {
	code := w.x.spec.Code
	if code == "" {
		code = CodeNotAsExpected
		if !l.Found {
			code = CodeNotFound
		}
	}
	return &finding{verdict: v, code: code, expectation: w.x, seen: l, about: l.About}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
