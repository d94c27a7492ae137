package lint

import (
	"fmt"
	"iter"
	"slices"

	"labctl.dev/labctl/internal/lab"
)

// The parts of a lab with their paths in lab.yaml.
type (
	locatedTask struct {
		*lab.Task

		path string
	}
	locatedCheck struct {
		*lab.Check

		path string
		task *lab.Task
		name string // task/check
	}
	locatedExpect struct {
		*lab.Expect

		path string
	}
	locatedStimulus struct {
		*lab.Stimulus

		path string
	}
)

func (p *pass) tasks() iter.Seq[locatedTask] {
	return func(yield func(locatedTask) bool) {
		for i := range p.Lab.Tasks {
			if !yield(locatedTask{&p.Lab.Tasks[i], fmt.Sprintf("tasks[%d]", i)}) {
				return
			}
		}
	}
}

func (p *pass) checks() iter.Seq[locatedCheck] {
	return func(yield func(locatedCheck) bool) {
		for t := range p.tasks() {
			for i := range t.Checks {
				c := &t.Checks[i]
				if !yield(locatedCheck{c, fmt.Sprintf("%s.checks[%d]", t.path, i), t.Task, t.ID + "/" + c.ID}) {
					return
				}
			}
		}
	}
}

func (p *pass) expects() iter.Seq2[locatedCheck, locatedExpect] {
	return func(yield func(locatedCheck, locatedExpect) bool) {
		for c := range p.checks() {
			for i := range c.Expect {
				if !yield(c, locatedExpect{&c.Expect[i], fmt.Sprintf("%s.expect[%d]", c.path, i)}) {
					return
				}
			}
		}
	}
}

func (p *pass) stimuli() iter.Seq2[locatedCheck, locatedStimulus] {
	return func(yield func(locatedCheck, locatedStimulus) bool) {
		for c := range p.checks() {
			for i := range c.While {
				if !yield(c, locatedStimulus{&c.While[i], fmt.Sprintf("%s.while[%d]", c.path, i)}) {
					return
				}
			}
			for i := range c.When {
				if !yield(c, locatedStimulus{&c.When[i], fmt.Sprintf("%s.when[%d]", c.path, i)}) {
					return
				}
			}
		}
	}
}

// checkNames are the full names of all checks.
func (p *pass) checkNames() []string {
	var names []string
	for c := range p.checks() {
		names = append(names, c.name)
	}
	return names
}

func (p *pass) taskIDs() []string {
	var ids []string
	for t := range p.tasks() {
		ids = append(ids, t.ID)
	}
	return ids
}

func allowed(known []string, name string) bool {
	return known == nil || slices.Contains(known, name)
}
