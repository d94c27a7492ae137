package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/go-units"

	"labctl.dev/labctl/internal/lab"
)

func (p *pass) dockerTarget(at string, d lab.DockerProbe) {
	if len(d.Filters) > 0 && d.List == "" {
		p.at(at+".filters", "filters narrow a list", "add list, or remove filters")
	}
	if d.Search != "" && d.Image == "" {
		p.at(at+".search", "only images can be searched", "add image, or remove search")
	}
}

// podsOnly reports fields that mean nothing for a container of Docker's.
func (p *pass) podsOnly(at, of string, given map[string]bool) {
	if !lab.OfDocker(of) {
		return
	}
	for _, field := range slices.Sorted(maps.Keys(given)) {
		if given[field] {
			p.at(at+"."+field, fmt.Sprintf("%s is about pods, and %s is a container of Docker's", field, of), "remove the line")
		}
	}
}

// trial is a container that a check runs.
func (p *pass) trial(at string, r *lab.DockerRun) {
	if r == nil {
		return
	}
	for i, v := range r.Volumes {
		name, path, _ := strings.Cut(v, ":")
		if !lab.Refers(v) && (name == "" || strings.Contains(name, "/") || !strings.HasPrefix(path, "/") || strings.Contains(path, ":")) {
			p.at(fmt.Sprintf("%s.volumes[%d]", at, i), fmt.Sprintf("%q mounts no volume", v), "write volume:/path, such as data:/data")
		}
	}
	if _, err := units.RAMInBytes(r.Memory); err != nil && r.Memory != "" && !lab.Refers(r.Memory) {
		p.at(at+".memory", fmt.Sprintf("%q is no amount of memory", r.Memory), "write a number and a unit, such as 64m")
	}
}
