package check

// The codes of findings that no lab names: what comes from the machinery, and
// what an expectation without a code of its own fails with. They are stable.
const (
	CodeNotFound      = "NotFound"      // what is looked for is not there
	CodeNotAsExpected = "NotAsExpected" // it is there, and not as it should be

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
