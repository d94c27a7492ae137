// Package verdict proves a lab: it puts every case of the lab's verdict matrix
// (untouched, solutions, mutants) on a fresh environment, does what the case
// says, runs the checks, and compares what they say with what the case expects.
package verdict

import "labctl.dev/labctl/internal/lab"

// Report is the outcome of a lab's matrix, in the form that -o json prints.
type Report struct {
	Lab    string       `json:"lab"`
	Engine string       `json:"engine"`
	OK     bool         `json:"ok"`
	Flakes int          `json:"flakes"` // cases that were right in some repeats only
	Cases  []CaseResult `json:"cases"`
	// LeftOut names the cases that this run did not do.
	LeftOut []string `json:"leftOut"`
}

// CaseResult is the outcome of one run of one case.
type CaseResult struct {
	Name string       `json:"name"`
	Kind lab.CaseKind `json:"kind"`
	OK   bool         `json:"ok"`
	// Expected and Got say in words what should have come out and what did; Got
	// is empty when all is well.
	Expected string `json:"expected"`
	Got      string `json:"got"`
	Ms       int64  `json:"ms"`
	// FailedChecks are all that did not pass, but for blocked ones.
	FailedChecks []FailedCheck `json:"failedChecks"`
	// Run counts the repeats, from 1.
	Run int `json:"run"`
	// Seed is the environment's, to try the same again.
	Seed uint64 `json:"seed"`
	// Environment is the name of the kept environment (--keep).
	Environment string `json:"environment,omitempty"`

	engine string
}

// FailedCheck is a check that did not pass.
type FailedCheck struct {
	ID   string `json:"id"`
	Code string `json:"code"`
}

// summarise fills in OK and Flakes from the cases.
func (r *Report) summarise() {
	right, wrong := map[string]bool{}, map[string]bool{}
	for _, c := range r.Cases {
		if c.OK {
			right[c.Name] = true
		} else {
			wrong[c.Name] = true
		}
	}
	r.OK, r.Flakes = len(wrong) == 0, 0
	for name := range wrong {
		if right[name] {
			r.Flakes++
		}
	}
}
