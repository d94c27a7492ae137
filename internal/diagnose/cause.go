// Package diagnose explains why something in a cluster does not work: the
// causal chain behind a finding, from what a person sees to what has to change.
package diagnose

// Cause is one link of the chain behind a finding, the nearest first.
type Cause struct {
	Code string `json:"code"`
	Text string `json:"text"`
	// Spoiler is how much it gives away: 0 what anybody can see, 1 where to
	// look, 2 the fix itself. `check` shows 0 and 1; --explain shows all.
	Spoiler int `json:"spoiler"`
}
