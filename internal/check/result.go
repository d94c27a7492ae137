// Package check runs the checks of a lab against an environment: scenarios of
// stimuli and probes, and the verdicts they come to.
package check

import (
	"time"

	"labctl.dev/labctl/internal/diagnose"
)

// Verdict is what a check, a task or a whole lab comes to.
type Verdict string

// The verdicts. See Worst for how they combine.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"         // the work is wrong
	Pending      Verdict = "pending"      // still converging when the time ran out, nothing contradicts it
	Blocked      Verdict = "blocked"      // a check it needs has not passed
	Error        Verdict = "error"        // the environment or the checker broke, not the learner
	Unassessable Verdict = "unassessable" // this engine cannot know
)

// precedence, the worst first.
func precedence() []Verdict { return []Verdict{Error, Fail, Pending, Blocked, Unassessable, Pass} }

// Worst combines verdicts: error > fail > pending > blocked > unassessable > pass.
func Worst(verdicts ...Verdict) Verdict {
	for _, p := range precedence() {
		for _, v := range verdicts {
			if v == p {
				return p
			}
		}
	}
	return Pass
}

// Report is the result of checking a lab, in the form that -o json prints.
type Report struct {
	Lab         string       `json:"lab"`
	Environment string       `json:"environment"`
	Engine      string       `json:"engine"`
	Seed        uint64       `json:"seed"`
	Verdict     Verdict      `json:"verdict"`
	Score       int          `json:"score"`
	MaxScore    int          `json:"maxScore"` // without the points of unassessable checks
	Tasks       []TaskResult `json:"tasks"`
}

// TaskResult is the result of one task.
type TaskResult struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Verdict Verdict  `json:"verdict"`
	Checks  []Result `json:"checks"`
}

// Result is the result of one check.
type Result struct {
	ID        string           `json:"id"`
	Title     string           `json:"title"`
	Verdict   Verdict          `json:"verdict"`
	Code      string           `json:"code"` // empty when passed
	Points    int              `json:"points"`
	MaxPoints int              `json:"maxPoints"`
	Message   string           `json:"message"`
	Expected  string           `json:"expected"`
	Observed  string           `json:"observed"`
	Causes    []diagnose.Cause `json:"causes"`
	Ms        int64            `json:"ms"`
	// WaitedMs is how much of Ms the check waited: for what it did to take effect
	// and to be undone, for something to come true, and for as long as it has to.
	WaitedMs int64 `json:"waitedMs"`
	// Trace is what --explain shows: every probe and stimulus, in order.
	Trace []TraceStep `json:"trace,omitempty"`
}

// TraceStep is one thing the checker did.
type TraceStep struct {
	At     time.Duration `json:"atNs"` // since the check began
	What   string        `json:"what"` // "kubernetes Deployment/web", "stimulus rollout web", …
	Result string        `json:"result"`
}
