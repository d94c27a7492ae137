package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"labctl.dev/labctl/internal/check"
)

// printReport shows the results of a run of checks.
func (s *State) printReport(r check.Report, explain bool) {
	for i, t := range r.Tasks {
		if i > 0 {
			fmt.Fprintln(s.Stdout)
		}
		s.printTaskResult(t, explain)
	}
	c := s.out()
	score := fmt.Sprintf("%d of %d points", r.Score, r.MaxScore)
	if r.Verdict == check.Pass {
		fmt.Fprintf(s.Stdout, "\n%s %s\n", c.green("All passed."), score)
	} else {
		fmt.Fprintf(s.Stdout, "\n%s\n", c.bold(score))
	}
	s.advise(r)
}

func (s *State) printTaskResult(t check.TaskResult, explain bool) {
	c := s.out()
	fmt.Fprintf(s.Stdout, "%s %s %s\n", s.mark(string(t.Verdict)), c.bold(t.ID), c.dim(t.Title))
	for _, r := range t.Checks {
		s.printResult(s.Stdout, r, explain)
	}
}

// printResult shows one check: what was expected, what was seen, and why.
func (s *State) printResult(w io.Writer, r check.Result, explain bool) {
	c := s.out()
	fmt.Fprintf(w, "  %s %s", s.mark(string(r.Verdict)), r.Title)
	if r.Code != "" && r.Verdict != check.Blocked {
		fmt.Fprintf(w, " %s", c.dim("["+r.Code+"]"))
	}
	fmt.Fprintln(w)
	line := func(label, text string) {
		if text = strings.TrimSpace(text); text != "" && r.Verdict != check.Pass {
			body := wrapText(text, s.Width-16, "")
			fmt.Fprintf(w, "      %-9s %s\n", label, strings.ReplaceAll(body, "\n", "\n                "))
		}
	}
	line("", s.Typed(r.Message))
	line("expected", r.Expected)
	line("observed", r.Observed)
	for _, cause := range r.Causes {
		line("because", cause.Text)
	}
	if explain {
		s.printTrace(w, r)
	}
}

func (s *State) printTrace(w io.Writer, r check.Result) {
	for _, step := range r.Trace {
		fmt.Fprintf(w, "      %s %s %s\n", s.out().dim(fmt.Sprintf("%7.3f s", step.At.Seconds())), step.What, s.out().dim(step.Result))
	}
	took := "took " + elapsed(time.Duration(r.Ms)*time.Millisecond)
	if r.WaitedMs > 0 {
		took += ", of it " + elapsed(time.Duration(r.WaitedMs)*time.Millisecond) + " waiting"
	}
	fmt.Fprintf(w, "      %s\n", s.out().dim(took))
}

// advise names the next thing to do after a run.
func (s *State) advise(r check.Report) {
	if interrupted(r) {
		return // it is over because somebody said so
	}
	if r.Verdict == check.Error {
		fmt.Fprintf(s.Stdout, "This is not your fault. Next: %s status, %s doctor\n", s.Program(), s.Program())
		return
	}
	for _, t := range r.Tasks {
		if t.Verdict == check.Pass || t.Verdict == check.Unassessable || t.Verdict == check.Blocked {
			continue
		}
		fmt.Fprintf(s.Stdout, "Next: %s tasks %s (the goal), %s hint %s (a hint)\n", s.Program(), t.ID, s.Program(), t.ID)
		return
	}
}

// interrupted tells that nothing went wrong but that the run was cut short.
func interrupted(r check.Report) bool {
	cut := false
	for _, t := range r.Tasks {
		for _, c := range t.Checks {
			if c.Verdict == check.Error && c.Code != check.CodeCancelled {
				return false
			}
			cut = cut || c.Code == check.CodeCancelled
		}
	}
	return cut
}

// pointOut names the tasks whose explanation can be read from now on.
func (s *State) pointOut(tasks []string) {
	for i, id := range tasks {
		label := "Why it works:"
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		fmt.Fprintf(s.Stdout, "%s %s tasks %s\n", label, s.Program(), id)
	}
}
