package lint

import (
	"fmt"
	"path/filepath"
	"regexp"

	"labctl.dev/labctl/internal/lab"
)

func badTargets(p *pass) {
	for c := range p.checks() {
		for name, probe := range c.Record {
			p.kubernetesTarget(c.path+".record."+name, probe)
		}
	}
	for _, e := range p.expects() {
		p.probeTarget(e)
	}
	for _, s := range p.stimuli() {
		p.stimulusTarget(s)
	}
}

func (p *pass) probeTarget(e locatedExpect) {
	switch {
	case e.Kubernetes != nil:
		p.kubernetesTarget(e.path+".kubernetes", *e.Kubernetes)
		if e.Kubernetes.Absent && e.That != "" {
			p.at(e.path+".that", "what is absent has nothing to look at", "remove `that` or `absent`")
		}
	case e.Docker != nil && e.Docker.Absent && e.That != "":
		p.at(e.path+".that", "what is absent has nothing to look at", "remove `that` or `absent`")
	case e.Docker != nil:
		p.dockerTarget(e.path+".docker", *e.Docker)
	case e.HTTP != nil:
		p.httpTarget(e.path+".http", *e.HTTP)
	case e.Exec != nil:
		p.owner(e.path+".exec.of", e.Exec.Of)
		p.podsOnly(e.path+".exec", e.Exec.Of, map[string]bool{
			"container": e.Exec.Container != "", "namespace": e.Exec.Namespace != "", "all": e.Exec.All,
		})
	case e.Logs != nil:
		p.owner(e.path+".logs.of", e.Logs.Of)
		p.podsOnly(e.path+".logs", e.Logs.Of, map[string]bool{
			"container": e.Logs.Container != "", "namespace": e.Logs.Namespace != "", "previous": e.Logs.Previous,
		})
	case e.Events != nil:
		p.owner(e.path+".events.of", e.Events.Of)
	}
}

func (p *pass) kubernetesTarget(at string, k lab.KubernetesProbe) {
	if k.Name != "" && (k.Selector != "" || k.Of != "") {
		p.at(at, "one object has a name, several a selector or an owner, not both", "remove name, or selector and of")
	}
	p.owner(at+".of", k.Of)
}

func (p *pass) httpTarget(at string, h lab.HTTPProbe) {
	if h.Container != "" && h.Port == "" {
		p.at(at, "a container has an address, and no port that goes without saying", "add port")
	}
	if h.From != "" && (h.URL == "" || p.Lab.Needs.Cluster != nil) {
		p.at(at+".from", "a network of Docker's is where a url is asked from, in a lab without a cluster", "remove from")
	}
}

func (p *pass) stimulusTarget(s locatedStimulus) {
	switch {
	case s.Delete != nil:
		d := s.Delete
		if d.Name == "" && d.Selector == "" && d.Of == "" {
			p.at(s.path+".delete", fmt.Sprintf("this deletes every %s of the namespace", d.Kind), "add name, selector or of")
		}
		p.owner(s.path+".delete.of", d.Of)
	case s.Docker != nil:
		if (s.Docker.Disconnect == "") != (s.Docker.From == "") {
			p.at(s.path+".docker", "disconnect and from belong together: which container, and which network", "write {disconnect: web, from: shop}")
		}
		p.trial(s.path+".docker.run", s.Docker.Run)
		if r := s.Docker.Rehearse; r != nil {
			for name := range r.Files {
				if name != filepath.Base(name) {
					p.at(s.path+".docker.rehearse.files", fmt.Sprintf("%q is not directly in the workspace", name), "give a file's name, without a directory")
				}
			}
		}
	case s.Scale != nil:
		p.owner(s.path+".scale.of", s.Scale.Of)
	case s.Drain != nil:
		p.owner(s.path+".drain.of", s.Drain.Of)
	case s.Exec != nil:
		p.owner(s.path+".exec.of", s.Exec.Of)
	case s.Apply != nil:
		for i, workload := range s.Apply.Restart {
			p.owner(fmt.Sprintf("%s.apply.restart[%d]", s.path, i), workload)
		}
		for i, object := range s.Apply.Objects {
			p.manifest(object, func(m, hint string) { p.at(fmt.Sprintf("%s.apply.objects[%d]", s.path, i), m, hint) })
		}
	}
}

// owner is a kind and a name.
func (p *pass) owner(at, of string) {
	if of != "" && !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.]*/[^/]+$`).MatchString(of) {
		p.at(at, fmt.Sprintf("%q names no object", of), "write kind/name, such as deployment/web")
	}
}
