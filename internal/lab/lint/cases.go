package lint

import (
	"fmt"
	"maps"
	"slices"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

func (p *pass) casesOf(kind lab.CaseKind) []lab.CaseFile {
	return slices.DeleteFunc(slices.Clone(p.cases), func(c lab.CaseFile) bool { return c.Kind != kind })
}

// untouched asks for the code of every check that nothing blocks.
func untouched(p *pass) {
	i := slices.IndexFunc(p.cases, func(c lab.CaseFile) bool { return c.Name == "untouched" && c.Kind == lab.Untouched })
	if i < 0 {
		p.at("name", "the lab has no case verdicts/untouched", "add verdicts/untouched/verdict.yaml with kind: untouched, and what every check says then")
		return
	}
	c := p.cases[i]
	for check := range p.checks() {
		if _, listed := c.Fails[check.name]; !listed && len(check.Needs)+len(check.task.Needs) == 0 {
			p.inCase(c, "fails", fmt.Sprintf("it does not list %s, which nothing blocks", check.name), "add the code that it fails with")
		}
	}
}

func badCases(p *pass) {
	var solutions []string
	for _, c := range p.casesOf(lab.Solution) {
		solutions = append(solutions, c.Name)
	}
	for _, c := range p.cases {
		if c.Kind != lab.Untouched && len(c.Steps) == 0 {
			p.inCase(c, "steps", fmt.Sprintf("a %s without steps is the untouched lab", c.Kind), "say what is done")
		}
		switch c.Kind {
		case lab.Untouched:
			if len(c.Steps) > 0 {
				p.inCase(c, "steps", "the untouched lab has no steps", "remove them, or make it a mutant")
			}
		case lab.Solution:
			if len(c.Fails) > 0 {
				p.inCase(c, "fails", "a solution passes every check", "remove it, or make it a mutant")
			}
		case lab.Mutant:
			p.mutant(c, solutions)
		}
	}
}

func (p *pass) mutant(c lab.CaseFile, solutions []string) {
	if !slices.Contains(solutions, c.Base) {
		p.inCase(c, "base", fmt.Sprintf("a mutant changes a solution, and %q is none", c.Base), nearest.Suggestion(c.Base, solutions))
	}
	if len(c.Fails) == 0 {
		p.inCase(c, "fails", "a mutant fails a check", "name it, with its code: fails: {task/check: Code}")
	}
	if c.Nature == "" {
		p.inCase(c, "nature", "a mutant has a nature", "it is a typo, wrong, a cheat or lazy")
	}
}

func unknownCaseChecks(p *pass) {
	names := p.checkNames()
	for _, c := range p.cases {
		for name := range c.Fails {
			if !slices.Contains(names, name) {
				p.place(c.Document.File, c.Document.KeyAt("fails."+name), fmt.Sprintf("there is no check %q", name), nearest.Suggestion(name, names))
			}
		}
		for i, name := range c.Allows {
			if !slices.Contains(names, name) {
				p.inCase(c, fmt.Sprintf("allows[%d]", i), fmt.Sprintf("there is no check %q", name), nearest.Suggestion(name, names))
			}
		}
	}
}

func unknownCaseCodes(p *pass) {
	codes := p.codes()
	for _, c := range p.cases {
		for _, name := range slices.Sorted(maps.Keys(c.Fails)) {
			own, exists := codes[name]
			code := c.Fails[name]
			if exists && !slices.Contains(own, code) && !slices.Contains(p.Known.Codes, code) {
				p.inCase(c, "fails."+name, fmt.Sprintf("the check %s never says %q", name, code), nearest.Suggestion(code, own))
			}
		}
	}
}

// codes are those that each check's expectations name.
func (p *pass) codes() map[string][]string {
	codes := map[string][]string{}
	for c := range p.checks() {
		codes[c.name] = nil
		for _, e := range c.Expect {
			if e.Code != "" {
				codes[c.name] = append(codes[c.name], e.Code)
			}
		}
	}
	return codes
}
