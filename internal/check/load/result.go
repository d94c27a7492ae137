package load

import (
	"fmt"
	"time"

	labapp "labctl.dev/labctl/internal/labapp/load"
	"labctl.dev/labctl/internal/labapp/neterr"
)

// Result is what the load probe shows: see lab.LoadProbe.
type Result struct {
	Total    int              `json:"total"`
	OK       int              `json:"ok"`
	Failed   int              `json:"failed"`
	Lagged   int              `json:"lagged"`
	Failures map[string]int   `json:"failures"`
	P50      float64          `json:"p50"`
	P95      float64          `json:"p95"`
	P99      float64          `json:"p99"`
	Versions map[string]int   `json:"versions"`
	Pods     map[string]int   `json:"pods"`
	First    []labapp.Failure `json:"first"`
	Seconds  float64          `json:"seconds"`
}

// Report is the state of a load at one moment.
type Report struct {
	Result
	Running bool
	// Unfit says why the load proves nothing; empty when it is sound.
	Unfit string
}

// What a sound load may lack, as a part of what it promised.
const (
	maxMissing = 0.10 // requests not sent at all
	maxLagged  = 0.25 // requests sent late
	// With more than this sent late, the machine is so busy that requests time
	// out through no fault of who should answer them.
	busyLagged = 0.05
)

// stale is how old the last report of a running load may be.
const stale = 3 * time.Second

// Report returns what is known now. The error says that the load broke off.
func (l *Load) Report() (Report, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.last
	r := Report{Running: s.Type != "summary", Result: Result{
		Total: s.Total, OK: s.OK, Failed: s.Failed, Lagged: s.Lagged, Failures: s.ByReason,
		P50: s.Latency.P50, P95: s.Latency.P95, P99: s.Latency.P99,
		Versions: s.Versions, Pods: s.Pods, First: s.Failures, Seconds: s.Seconds,
	}}
	r.Unfit = l.unfit()
	return r, l.err
}

// unfit weighs what was sent against what was promised. Requests still in
// flight are not counted yet, so as many as fit into one timeout may lack.
func (l *Load) unfit() string {
	s := l.last
	if s.Type != "summary" && time.Since(l.seen) > stale {
		return fmt.Sprintf("the load generator has not reported for %s", time.Since(l.seen).Round(time.Second))
	}
	sent := float64(s.Total + s.Saturated)
	bound := maxLagged
	if s.Failed > 0 && s.ByReason[neterr.Timeout] == s.Failed {
		bound = busyLagged
	}
	if s.Total > 0 && float64(s.Lagged) > bound*float64(s.Total)+2 {
		return fmt.Sprintf("%d of %d requests were sent late: this machine is too busy for a load of %d a second", s.Lagged, s.Total, l.opts.RPS)
	}
	seconds := s.Seconds
	if l.stopped { // the rest of the time it only waited for answers
		seconds = l.sending
	}
	inFlight := min(l.opts.Timeout.Seconds(), seconds) * float64(l.opts.RPS)
	if s.Type == "summary" {
		inFlight = 0
	}
	promised := seconds * float64(l.opts.RPS)
	if sent+inFlight < promised*(1-maxMissing)-2 {
		return fmt.Sprintf("only %d of %.0f requests were sent: this machine is too busy for a load of %d a second", s.Total, promised, l.opts.RPS)
	}
	return ""
}
