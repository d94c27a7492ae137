package cli

import (
	"fmt"

	"labctl.dev/labctl/internal/lab"
)

// nextSteps prints commands that work typed literally, as the user types them.
func (s *State) nextSteps(l *lab.Lab) error {
	p := s.Program()
	steps := [][]string{{p + " tasks", "what there is to do"}}
	if len(l.Tasks) > 0 {
		steps = append(steps, []string{p + " tasks " + l.Tasks[0].ID, "the first task: " + l.Tasks[0].Title})
	}
	if l.Needs.Cluster != nil {
		steps = append(steps, []string{p + " shell", "a shell with kubectl, in your workspace"})
	}
	steps = append(steps, []string{p + " check", "does it work?"}, []string{p + " stop", "remove everything"})
	fmt.Fprintln(s.Stdout, "Next:")
	width := 0
	for _, step := range steps {
		width = max(width, len(step[0]))
	}
	for _, step := range steps {
		fmt.Fprintf(s.Stdout, "  %-*s  %s\n", width, step[0], s.out().dim(step[1]))
	}
	return nil
}
