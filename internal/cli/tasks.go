package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

type tasksDocument struct {
	versioned
	Lab         string     `json:"lab"`
	Environment string     `json:"environment"`
	Tasks       []taskItem `json:"tasks"`
}

type taskItem struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Verdict string      `json:"verdict"` // when last checked; empty if never
	Points  int         `json:"points"`
	Needs   []string    `json:"needs"`
	Hints   int         `json:"hints"` // how many there are
	Shown   int         `json:"hintsShown"`
	Checks  []checkItem `json:"checks"`
	// Text and Explanation are Markdown; only for a task that was named. The
	// explanation is empty until the task has passed.
	Text        string `json:"text,omitempty"`
	Explanation string `json:"explanation,omitempty"`
}

type checkItem struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Points  int    `json:"points"`
	Verdict string `json:"verdict"`
}

func newTasks(s *State) *cobra.Command {
	var output format
	var name string
	cmd := &cobra.Command{
		Use: "tasks [TASK]", Aliases: []string{"task"}, Short: "Show what there is to do, or the text of one task",
		Example: examples(s, "tasks", "tasks deploy"), Args: maxArgs(1, "tasks takes one task"),
		ValidArgsFunction: s.completeTasks(&name),
		RunE: func(_ *cobra.Command, args []string) error {
			seat, err := s.sit(name)
			if err != nil {
				return err
			}
			doc, err := seat.tasks(args)
			if err != nil {
				return err
			}
			switch {
			case output == formatJSON:
				return printJSON(s.Stdout, doc)
			case len(args) == 1:
				s.printTask(doc.Tasks[0])
			default:
				s.printTasks(doc)
			}
			return nil
		},
	}
	addOutput(cmd, &output)
	s.addEnv(cmd, &name)
	return cmd
}

// seat is a learner's place: an environment and its lab, filled in.
type seat struct {
	env *environment.Environment
	lab *lab.Resolved
}

// sit opens the seat at an environment.
func (s *State) sit(name string) (*seat, error) {
	env, err := s.openEnv(name)
	if err != nil {
		return nil, err
	}
	src, err := s.labOf(env)
	if err != nil {
		return nil, err
	}
	if src.Digest != env.Digest {
		fmt.Fprintf(s.Stderr, "%s the lab %s has changed since this environment was started; stop it and start it anew to get the new one\n",
			s.err().yellow("note:"), env.Lab)
	}
	resolved, problems := src.Resolve(env.Seed)
	return &seat{env, resolved}, problems.Err()
}

// task finds a task by its id.
func (t *seat) task(id string) (lab.Task, error) {
	var ids []string
	for _, task := range t.lab.Tasks {
		if task.ID == id {
			return task, nil
		}
		ids = append(ids, task.ID)
	}
	return lab.Task{}, &environment.Problem{
		Code:    environment.CodeUnknownArgument,
		Message: fmt.Sprintf("the lab %s has no task %q; %s", t.lab.Name, id, nearest.Suggestion(id, ids)),
		Hint:    "Run `labctl tasks` for the list.",
	}
}

// tasks describes all tasks, or the one named.
func (t *seat) tasks(args []string) (tasksDocument, error) {
	doc := tasksDocument{version1(), t.lab.Name, t.env.Name, []taskItem{}}
	chosen := t.lab.Tasks
	if len(args) == 1 {
		task, err := t.task(args[0])
		if err != nil {
			return doc, err
		}
		chosen = []lab.Task{task}
	}
	progress, err := t.env.Progress()
	if err != nil {
		return doc, err
	}
	for _, task := range chosen {
		item := describe(task, progress.Last)
		item.Shown = t.env.Hints[task.ID]
		if len(args) == 1 {
			if item.Text, item.Explanation, err = t.lab.Text(task); err != nil {
				return doc, err
			}
			if item.Verdict != "pass" {
				item.Explanation = ""
			}
		}
		doc.Tasks = append(doc.Tasks, item)
	}
	return doc, nil
}

// learned are the tasks that pass in the report, did not when last checked, and
// have an explanation to read.
func (t *seat) learned(r check.Report) ([]string, error) {
	progress, err := t.env.Progress()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, result := range r.Tasks {
		task, err := t.task(result.ID)
		if err != nil {
			return nil, err
		}
		if result.Verdict != check.Pass || describe(task, progress.Last).Verdict == string(check.Pass) {
			continue
		}
		_, explanation, err := t.lab.Text(task)
		if err != nil {
			return nil, err
		}
		if explanation != "" {
			ids = append(ids, task.ID)
		}
	}
	return ids, nil
}

func describe(task lab.Task, last map[string]string) taskItem {
	item := taskItem{ID: task.ID, Title: task.Title, Needs: orEmpty(task.Needs), Hints: len(task.Hints), Checks: []checkItem{}}
	verdicts := make([]string, 0, len(task.Checks))
	for _, c := range task.Checks {
		verdict := last[task.ID+"/"+c.ID]
		verdicts = append(verdicts, verdict)
		item.Points += c.Points
		item.Checks = append(item.Checks, checkItem{c.ID, c.Title, c.Points, verdict})
	}
	item.Verdict = worst(verdicts)
	return item
}

func (s *State) printTasks(doc tasksDocument) {
	rows := make([][]string, len(doc.Tasks))
	for i, t := range doc.Tasks {
		rows[i] = []string{s.mark(t.Verdict), t.ID, strconv.Itoa(t.Points), t.Title}
	}
	s.table([]string{" ", "task", "points", "goal"}, rows)
	if s.StdoutTTY {
		fmt.Fprintf(s.Stdout, "\nRead one with %s tasks TASK, get a hint with %s hint TASK.\n", s.Program(), s.Program())
	}
}

func (s *State) printTask(t taskItem) {
	out, c := s.Stdout, s.out()
	fmt.Fprint(out, s.markdown(t.Text))
	fmt.Fprintf(out, "\n%s\n", c.bold("What is checked"))
	for _, check := range t.Checks {
		fmt.Fprintf(out, "  %s %s %s\n", s.mark(check.Verdict), check.Title, c.dim(points(check.Points)))
	}
	if t.Explanation != "" {
		fmt.Fprintf(out, "\n%s", s.markdown(t.Explanation))
	}
	fmt.Fprintf(out, "\nCheck it with %s check %s, get a hint with %s hint %s.\n", s.Program(), t.ID, s.Program(), t.ID)
}

func points(n int) string {
	if n == 1 {
		return "(1 point)"
	}
	return fmt.Sprintf("(%d points)", n)
}

// completeTasks completes the tasks of the environment that is meant.
func (s *State) completeTasks(name *string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		seat, err := s.sit(*name)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var ids []string
		for _, task := range seat.lab.Tasks {
			ids = append(ids, task.ID+"\t"+strings.ReplaceAll(task.Title, "\t", " "))
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}
