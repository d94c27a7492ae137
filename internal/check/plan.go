package check

import (
	"fmt"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// plan is all checks of a lab in its order, with what they need.
type plan struct {
	nodes []*node
	tasks []lab.Task
}

// node is one check in the plan.
type node struct {
	task    *lab.Task
	check   *lab.Check
	key     string // task/check
	needs   []*node
	expects []*expectation
}

func (n *node) exclusive() bool { return n.check.Isolation == lab.Exclusive }

// newPlan compiles the checks and resolves what they need.
func newPlan(env *expr.Env, l *lab.Lab) (*plan, error) {
	p := &plan{tasks: l.Tasks}
	for i := range l.Tasks {
		for j := range l.Tasks[i].Checks {
			n := &node{task: &l.Tasks[i], check: &l.Tasks[i].Checks[j]}
			n.key = n.task.ID + "/" + n.check.ID
			for k, x := range n.check.Expect {
				e, err := compile(env, x)
				if err != nil {
					return nil, fmt.Errorf("check %s, expect %d: %w", n.key, k+1, err)
				}
				n.expects = append(n.expects, e)
			}
			p.nodes = append(p.nodes, n)
		}
	}
	for _, n := range p.nodes {
		if err := p.resolve(n); err != nil {
			return nil, err
		}
	}
	return p, p.acyclic()
}

// resolve finds what a check needs: checks it names, and all checks of the tasks
// that its task needs.
func (p *plan) resolve(n *node) error {
	for _, need := range n.check.Needs {
		if !strings.Contains(need, "/") {
			need = n.task.ID + "/" + need
		}
		found := p.matching(need)
		if len(found) == 0 {
			return fmt.Errorf("check %s needs %s, which does not exist", n.key, need)
		}
		n.needs = append(n.needs, found...)
	}
	for _, task := range n.task.Needs {
		found := p.matching(task)
		if len(found) == 0 {
			return fmt.Errorf("task %s needs the task %s, which does not exist", n.task.ID, task)
		}
		n.needs = append(n.needs, found...)
	}
	return nil
}

// matching returns the checks of a task, or the one check "task/check".
func (p *plan) matching(name string) []*node {
	var found []*node
	for _, n := range p.nodes {
		if n.key == name || n.task.ID == name {
			found = append(found, n)
		}
	}
	return found
}

func (p *plan) acyclic() error {
	done := map[*node]bool{}
	var visit func(n *node, path []*node) error
	visit = func(n *node, path []*node) error {
		if slices.Contains(path, n) {
			return fmt.Errorf("check %s needs itself, by way of others", n.key)
		}
		if done[n] {
			return nil
		}
		for _, need := range n.needs {
			if err := visit(need, append(path, n)); err != nil {
				return err
			}
		}
		done[n] = true
		return nil
	}
	for _, n := range p.nodes {
		if err := visit(n, nil); err != nil {
			return err
		}
	}
	return nil
}

// selection is what a run reports, and what it has to run for that.
type selection struct{ report, run map[*node]bool }

// UnknownError says that a task or check was asked for that the lab has not.
type UnknownError struct {
	Name string
	// Known are the lab's tasks, or the checks of the task in which there is no
	// such check, as task/check.
	Known []string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no task or check %q; there is: %s", e.Name, strings.Join(e.Known, ", "))
}

// choose selects tasks and checks by name, all if there is no name.
func (p *plan) choose(only []string) (selection, error) {
	s := selection{report: map[*node]bool{}, run: map[*node]bool{}}
	var need func(n *node)
	need = func(n *node) {
		if !s.run[n] {
			s.run[n] = true
			for _, m := range n.needs {
				need(m)
			}
		}
	}
	chosen := p.nodes
	if len(only) > 0 {
		chosen = nil
	}
	for _, name := range only {
		found := p.matching(name)
		if len(found) == 0 {
			return s, p.unknown(name)
		}
		chosen = append(chosen, found...)
	}
	for _, n := range chosen {
		s.report[n] = true
		need(n)
	}
	return s, nil
}

// unknown says what there is where a name was looked for.
func (p *plan) unknown(name string) error {
	task, _, _ := strings.Cut(name, "/")
	var checks []string
	for _, n := range p.matching(task) {
		checks = append(checks, n.key)
	}
	if len(checks) > 0 {
		return &UnknownError{Name: name, Known: checks}
	}
	return &UnknownError{Name: task, Known: p.taskIDs()}
}

func (p *plan) taskIDs() []string {
	ids := make([]string, len(p.tasks))
	for i := range p.tasks {
		ids[i] = p.tasks[i].ID
	}
	return ids
}
