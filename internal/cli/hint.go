package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

type hintDocument struct {
	versioned
	Task  string   `json:"task"`
	Hints []string `json:"hints"` // those shown now
	Shown int      `json:"shown"` // of this task, so far
	Total int      `json:"total"`
}

func newHint(s *State) *cobra.Command {
	var output format
	var name string
	var all bool
	cmd := &cobra.Command{
		Use: "hint TASK", Short: "Show the next hint for a task, each clearer than the one before",
		Example:           examples(s, "hint deploy", "hint deploy --all"),
		Args:              oneArg("name one task", "`labctl tasks` lists them."),
		ValidArgsFunction: s.completeTasks(&name),
		RunE: func(_ *cobra.Command, args []string) error {
			seat, err := s.sit(name)
			if err != nil {
				return err
			}
			doc, err := seat.hint(args[0], all)
			if err != nil {
				return err
			}
			if output == formatJSON {
				return printJSON(s.Stdout, doc)
			}
			return s.printHint(doc)
		},
	}
	addOutput(cmd, &output)
	s.addEnv(cmd, &name)
	cmd.Flags().BoolVar(&all, "all", false, "show all hints of the task")
	return cmd
}

// hint takes the next hint of a task, or all, and remembers it. After the last
// one, it is the last again.
func (t *seat) hint(id string, all bool) (hintDocument, error) {
	task, err := t.task(id)
	if err != nil {
		return hintDocument{}, err
	}
	total := len(task.Hints)
	next := min(t.env.Hints[id]+1, total)
	doc := hintDocument{version1(), id, task.Hints[next-1 : next], next, total}
	if all {
		doc.Hints, doc.Shown = task.Hints, total
	}
	return doc, t.env.RecordHints(id, doc.Shown)
}

func (s *State) printHint(doc hintDocument) error {
	for i, h := range doc.Hints {
		n := doc.Shown - len(doc.Hints) + i + 1
		fmt.Fprintf(s.Stdout, "%s\n%s\n", s.out().bold(fmt.Sprintf("Hint %d of %d", n, doc.Total)), s.markdown(h))
	}
	if doc.Shown < doc.Total {
		fmt.Fprintf(s.Stdout, "%s\n", s.out().dim(fmt.Sprintf("The next one says more: %s hint %s", s.Program(), doc.Task)))
	}
	return nil
}
