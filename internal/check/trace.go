package check

import "time"

// maxTrace bounds a trace; what comes after is left out.
const maxTrace = 500

// busyPause is how often what changes all the time is noted.
const busyPause = 2 * time.Second

// trace is every step of a check. Looks that see the same again are left out.
type trace struct {
	begun time.Time
	steps []TraceStep
}

func (t *trace) add(what, result string) {
	if len(t.steps) < maxTrace {
		t.steps = append(t.steps, TraceStep{At: time.Since(t.begun), What: what, Result: result})
	}
}

func (t *trace) look(what string, l look) {
	result := l.Summary
	switch {
	case l.err != nil:
		result = l.err.Error()
	case l.Missing != "" && !l.Found:
		result = l.Missing
	}
	if n := len(t.steps); n > 0 && t.steps[n-1].What == what {
		last := t.steps[n-1]
		if last.Result == result || l.Busy && time.Since(t.begun)-last.At < busyPause {
			return
		}
	}
	t.add(what, result)
}
