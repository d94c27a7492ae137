package check

import (
	"context"

	"labctl.dev/labctl/internal/diagnose"
)

// vigil returns what weighs the results of a run: where Docker ended meanwhile,
// containers stopped that the learner had running, so what accuses the work is void.
func (r *Runner) vigil(ctx context.Context) func(Result) Result {
	if r.Docker == nil {
		return func(result Result) Result { return result }
	}
	lost := r.Docker.Vigil(ctx)
	return func(result Result) Result {
		if (result.Verdict != Fail && result.Verdict != Pending) || !lost() {
			return result
		}
		result.Verdict, result.Code, result.Causes = Error, CodeProbeFailed, []diagnose.Cause{}
		result.Expected, result.Observed = "", ""
		result.Message = "The Docker Engine ended while this was looked at, and containers with it. Start again what should run, then run `labctl check` again."
		return result
	}
}
