package lint

import (
	"fmt"
	"slices"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

func badParams(p *pass) {
	for name, param := range p.Lab.Params {
		at := "params." + name
		if r := param.Int; r != nil && r.Min > r.Max {
			p.at(at+".int", fmt.Sprintf("min (%d) is above max (%d)", r.Min, r.Max), "swap them")
		}
		for i, value := range param.OneOf {
			switch value.(type) {
			case string, int64, bool:
			default:
				p.at(fmt.Sprintf("%s.oneOf[%d]", at, i), "a value to choose is a text, a whole number, true or false", "put it in quotes")
			}
		}
	}
}

func needsCluster(p *pass) {
	if p.Lab.Needs.Cluster != nil || len(p.written.Errors()) > 0 {
		return
	}
	const message, suggestion = "this takes a cluster, and the lab does not ask for one", "add needs: {cluster: {}}"
	for _, e := range p.expects() {
		if e.NeedsCluster() {
			p.at(e.path, message, suggestion)
		}
	}
	for _, s := range p.stimuli() {
		if !s.NeedsDocker() {
			p.at(s.path, message, suggestion)
		}
	}
}

func needsDocker(p *pass) {
	if slices.Contains(p.Lab.Needs.Components, "docker") || len(p.written.Errors()) > 0 {
		return
	}
	const message, suggestion = "this takes Docker, and the lab does not ask for it", "add needs: {components: [docker]}"
	if p.Lab.Docker != nil {
		p.at("docker", message, suggestion)
	}
	for _, e := range p.expects() {
		if e.NeedsDocker() {
			p.at(e.path, message, suggestion)
		}
	}
	for _, s := range p.stimuli() {
		if s.NeedsDocker() {
			p.at(s.path, message, suggestion)
		}
	}
}

func forExceedsWithin(p *pass) {
	for _, e := range p.expects() {
		if e.Within > 0 && e.For > e.Within {
			p.at(e.path+".for", fmt.Sprintf("it cannot stay true for %s within %s", e.For, e.Within), "make `within` longer than `for`")
		}
	}
}

func sharedStimuli(p *pass) {
	for c := range p.checks() {
		if c.Isolation == lab.Shared && len(c.While)+len(c.When) > 0 {
			p.at(c.path+".isolation", "a check that does something to the environment cannot run beside others", "remove the line: exclusive is the default here")
		}
	}
}

func unknownLoads(p *pass) {
	for c, e := range p.expects() {
		if e.Load == nil {
			continue
		}
		var loads []string
		for _, s := range append(append([]lab.Stimulus{}, c.While...), c.When...) {
			if s.Load != nil {
				loads = append(loads, s.Load.As)
			}
		}
		if len(loads) == 0 {
			p.at(e.path+".load.of", "this check makes no load", "add one to `while`: {load: {service: …, rps: …, as: …}}")
		} else if !slices.Contains(loads, e.Load.Of) {
			p.at(e.path+".load.of", fmt.Sprintf("this check makes no load called %q", e.Load.Of), nearest.Suggestion(e.Load.Of, loads))
		}
	}
}

func loadDurations(p *pass) {
	for c := range p.checks() {
		for i, s := range c.While {
			if s.Load != nil && s.Load.Duration > 0 {
				p.at(fmt.Sprintf("%s.while[%d].load.duration", c.path, i), "a load in `while` lasts until the check ends", "remove the line")
			}
		}
		for i, s := range c.When {
			if s.Load != nil && s.Load.Duration == 0 {
				p.at(fmt.Sprintf("%s.when[%d].load", c.path, i), "a load in `when` needs a duration", "add duration: 5s")
			}
		}
	}
}

func noCodes(p *pass) {
	for _, e := range p.expects() {
		if e.Code == "" {
			p.at(e.path, "the expectation has no code", "name the finding, such as code: WrongReplicas")
		}
		if e.Message == "" {
			p.at(e.path, "the expectation has no message", "tell the learner what is wrong, without the answer")
		}
	}
}

func historyEvidence(p *pass) {
	for c := range p.checks() {
		if c.Evidence == lab.History {
			p.at(c.path+".evidence", "a check of what happened cannot be repeated when the work is graded elsewhere", "check the final state if you can")
		}
	}
}
