package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

const (
	dnsLabel   = `^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`
	identifier = `^[a-z][a-zA-Z0-9]*$`
)

func directoryName(p *pass) {
	if dir := path.Base(p.Path); dir != p.Lab.Name && p.Lab.Name != "" && dir != "." && dir != ".." {
		p.at("name", fmt.Sprintf("the lab is called %q, but its directory %q", p.Lab.Name, dir), "give both the same name")
	}
}

func badNames(p *pass) {
	if ns := p.Lab.Namespace; !lab.Refers(ns) && !regexp.MustCompile(dnsLabel).MatchString(ns) {
		p.at("namespace", fmt.Sprintf("%q cannot be the name of a namespace", ns), "use lower-case letters, digits and dashes")
	}
	for name := range p.Lab.Params {
		p.needName("params."+name, name, identifier, "a letter, then letters and digits, as in params."+"replicas")
	}
	for name := range p.Lab.Images {
		p.needName("images."+name, name, dnsLabel, "lower-case letters, digits and dashes")
	}
	for c := range p.checks() {
		for name := range c.Record {
			p.needName(c.path+".record."+name, name, identifier, "a letter, then letters and digits, as in recorded."+"pods")
		}
	}
}

func (p *pass) needName(at, name, pattern, suggestion string) {
	if regexp.MustCompile(pattern).MatchString(name) {
		return
	}
	p.place(p.Document.File, p.Document.KeyAt(at), fmt.Sprintf("%q cannot be a name here", name), "use "+suggestion)
}

func duplicateIDs(p *pass) {
	tasks := map[string]bool{}
	for t := range p.tasks() {
		p.once(tasks, t.path+".id", "task", t.ID)
		checks := map[string]bool{}
		for i, c := range t.Checks {
			p.once(checks, fmt.Sprintf("%s.checks[%d].id", t.path, i), "check of this task", c.ID)
		}
	}
	loads, last := map[string]bool{}, ""
	for c, s := range p.stimuli() {
		if c.path != last {
			loads, last = map[string]bool{}, c.path
		}
		if s.Load != nil {
			p.once(loads, s.path+".load.as", "load of this check", s.Load.As)
		}
	}
}

func (p *pass) once(seen map[string]bool, at, what, id string) {
	if id != "" && seen[id] {
		p.at(at, fmt.Sprintf("there is already a %s called %q", what, id), "give it another name")
	}
	seen[id] = true
}

func unknownCapabilities(p *pass) {
	known := p.Known.Capabilities
	p.knownNames("needs.capabilities", "capability", p.Lab.Needs.Capabilities, known)
	for c := range p.checks() {
		p.knownNames(c.path+".capabilities", "capability", c.Capabilities, known)
	}
}

func unknownComponents(p *pass) {
	p.knownNames("needs.components", "component", p.Lab.Needs.Components, p.Known.Components)
}

func (p *pass) knownNames(at, what string, names, known []string) {
	for i, name := range names {
		if !allowed(known, name) {
			p.at(fmt.Sprintf("%s[%d]", at, i), fmt.Sprintf("there is no %s %q", what, name), nearest.Suggestion(name, known))
		}
	}
}

func unknownApps(p *pass) {
	for name, image := range p.Lab.Images {
		if image.App != "" && !allowed(p.Known.Apps, image.App) {
			p.at("images."+name+".app", fmt.Sprintf("labapp has no applet %q", image.App), nearest.Suggestion(image.App, p.Known.Apps))
		}
	}
}

func unknownUnassessable(p *pass) {
	names := p.checkNames()
	for engine, checks := range p.Lab.Unassessable {
		if !allowed(p.Known.Engines, engine) {
			p.place(p.Document.File, p.Document.KeyAt("unassessable."+engine),
				fmt.Sprintf("there is no engine %q", engine), nearest.Suggestion(engine, p.Known.Engines))
		}
		for i, name := range checks {
			if !slices.Contains(names, name) {
				p.at(fmt.Sprintf("unassessable.%s[%d]", engine, i), fmt.Sprintf("there is no check %q", name), nearest.Suggestion(name, names))
			}
		}
	}
}
