package lint

import (
	"fmt"

	"labctl.dev/labctl/internal/lab"
)

func fewSolutions(p *pass) {
	solutions := p.casesOf(lab.Solution)
	if n := len(solutions); n < 3 {
		p.at("name", fmt.Sprintf("the lab has %d of the three solutions that it takes to show that right work passes however it is done", n),
			"add solutions with other tools, names or structure")
	}
	for _, c := range solutions {
		if len(solutions) > 1 && len(c.Differs) == 0 {
			p.inCase(c, "differs", "the solution does not say how it differs from the others", "add differs: [tool, names, labels, order, structure]")
		}
	}
}

func shallowMutants(p *pass) {
	mutants, deep := p.casesOf(lab.Mutant), 0
	for _, c := range mutants {
		if c.Nature == lab.Wrong || c.Nature == lab.Cheat {
			deep++
		}
	}
	if deep*2 < len(mutants) {
		p.at("name", fmt.Sprintf("only %d of %d mutants are wrong or cheat; checks are fooled by work that nearly works", deep, len(mutants)),
			"add mutants of the nature wrong or cheat")
	}
}

// untestedChecks asks for a mutant that fails this check and no other.
func untestedChecks(p *pass) {
	isolated := map[string]bool{}
	for _, c := range p.casesOf(lab.Mutant) {
		if len(c.Fails) == 1 {
			for name := range c.Fails {
				isolated[name] = true
			}
		}
	}
	for c := range p.checks() {
		if !isolated[c.name] {
			p.at(c.path+".id", fmt.Sprintf("no mutant fails %s alone, so nothing shows that the check sees anything", c.name), "add one")
		}
	}
}
