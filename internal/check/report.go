package check

import "labctl.dev/labctl/internal/diagnose"

// result is the start of a result: all that does not depend on what is seen.
func (n *node) result(v Verdict, code string) Result {
	return Result{
		ID: n.check.ID, Title: n.check.Title, Verdict: v, Code: code,
		MaxPoints: n.check.Points, Causes: []diagnose.Cause{},
	}
}

// report puts results together. Checks without a result, because the run was
// interrupted, count as Error.
func (r *Runner) report(chosen selection, results map[*node]Result) Report {
	report := Report{
		Lab: r.Lab.Name, Environment: r.Environment, Engine: r.Engine, Seed: r.Lab.Seed, Tasks: []TaskResult{},
	}
	for i := range r.plan.tasks {
		task := TaskResult{ID: r.plan.tasks[i].ID, Title: r.plan.tasks[i].Title, Verdict: Pass}
		for _, n := range r.plan.nodes {
			if n.task != &r.plan.tasks[i] || !chosen.report[n] {
				continue
			}
			result, ok := results[n]
			if !ok {
				result = n.result(Error, CodeCancelled)
				result.Message = "The run was interrupted before this check."
			}
			task.Checks = append(task.Checks, result)
			task.Verdict = Worst(task.Verdict, result.Verdict)
			report.Score += result.Points
			if result.Verdict != Unassessable {
				report.MaxScore += result.MaxPoints
			}
		}
		if len(task.Checks) > 0 {
			report.Tasks = append(report.Tasks, task)
		}
	}
	report.Verdict = Pass
	for _, t := range report.Tasks {
		report.Verdict = Worst(report.Verdict, t.Verdict)
	}
	return report
}
