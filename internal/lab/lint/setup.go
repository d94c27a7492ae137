package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-connections/nat"
	"github.com/docker/go-units"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
)

// badSetup looks at what can be known before there is an engine. References are
// not filled in yet, so what holds one is left to the start.
func badSetup(p *pass) {
	if p.Lab.Docker == nil {
		return
	}
	names := map[string]bool{}
	for i, c := range p.Lab.Docker.Containers {
		at := fmt.Sprintf("docker.containers[%d]", i)
		p.once(names, at+".name", "container", c.Name)
		p.setupNeeds(at, c)
		p.setupValues(at, c)
	}
}

// setupNeeds finds networks and volumes that the lab does not make: Docker would
// make a volume of any name.
func (p *pass) setupNeeds(at string, c lab.DockerContainer) {
	setup := p.Lab.Docker
	if n := c.Network; n != "" && !lab.Refers(n) && !slices.Contains(setup.Networks, n) && n != "none" {
		p.at(at+".network", fmt.Sprintf("the lab makes no network %q", n), nearest.Suggestion(n, setup.Networks))
	}
	for i, v := range c.Volumes {
		name, path, _ := strings.Cut(v, ":")
		at := fmt.Sprintf("%s.volumes[%d]", at, i)
		switch {
		case !strings.HasPrefix(path, "/"):
			p.at(at, fmt.Sprintf("%q mounts nothing", v), "write volume:/path")
		case !lab.Refers(name) && !slices.Contains(setup.Volumes, name):
			p.at(at, fmt.Sprintf("the lab makes no volume %q", name), nearest.Suggestion(name, setup.Volumes))
		}
	}
}

func (p *pass) setupValues(at string, c lab.DockerContainer) {
	if c.Memory != "" && !lab.Refers(c.Memory) {
		if _, err := units.RAMInBytes(c.Memory); err != nil {
			p.at(at+".memory", fmt.Sprintf("%q is no amount of memory", c.Memory), "write 64m")
		}
	}
	for i, ports := range c.Publish {
		if _, err := nat.ParsePortSpec(ports); err != nil && !lab.Refers(ports) {
			p.at(fmt.Sprintf("%s.publish[%d]", at, i), fmt.Sprintf("%q publishes nothing", ports), "write host:container, such as 18080:8080")
		}
	}
	if c.Ends && (c.Restart != "" && c.Restart != "no" || len(c.Publish) > 0) {
		p.at(at+".ends", "what ends and is removed neither publishes ports nor restarts", "remove `ends`, or `publish` and `restart`")
	}
}
