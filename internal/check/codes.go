package check

import "labctl.dev/labctl/internal/check/stimulus"

// The codes of findings that no lab names: what comes from the machinery, and
// what an expectation without a code of its own fails with. They are stable.
const (
	CodeNotFound      = "NotFound"      // what is looked for is not there
	CodeNotAsExpected = "NotAsExpected" // it is there, and not as it should be

	// The learner's work makes a stimulus impossible.
	CodeRolloutStuck     = stimulus.RolloutStuck
	CodeDrainBlocked     = stimulus.DrainBlocked
	CodeNotReady         = stimulus.NotReady
	CodeRefused          = stimulus.Refused
	CodeUnclearContainer = stimulus.UnclearContainer
	CodeCommandFailed    = stimulus.CommandFailed
	CodeComposeFailed    = stimulus.ComposeFailed

	CodeNeedsNotPassed    = "NeedsNotPassed"    // blocked
	CodeCapabilityMissing = "CapabilityMissing" // unassessable
	CodeRunCheck          = "RunCheck"          // pending in Watch: only `labctl check` may disturb

	// The codes of verdict error.
	CodeClusterUnreachable = "ClusterUnreachable" // the API does not answer
	CodeProbeFailed        = "ProbeFailed"        // a look at the work was not possible
	CodeStimulusFailed     = "StimulusFailed"     // a stimulus was not possible
	CodeUndoFailed         = "UndoFailed"         // a stimulus could not be taken back
	CodeExpressionFailed   = "ExpressionFailed"   // an expression of the lab is at fault
	CodeLoadUnfit          = "LoadUnfit"          // the load was not what was promised
	CodeCancelled          = "Cancelled"          // the run was interrupted
)

// FailureCodes are those that a check may give a learner's work by itself: what
// the cases of a lab may name beside the lab's own.
func FailureCodes() []string {
	return []string{
		CodeNotFound, CodeNotAsExpected, CodeRolloutStuck, CodeDrainBlocked, CodeNotReady, CodeRefused, CodeUnclearContainer, CodeCommandFailed,
		CodeComposeFailed,
	}
}
