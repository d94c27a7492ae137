package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// ComposeWord makes a lab's word for a container of a Compose service.
const ComposeWord = "compose/"

// docker looks at what the Docker Engine has.
type docker struct {
	env  *Env
	spec lab.DockerProbe
}

// Look inspects the object, or all of the list.
func (d *docker) Look(ctx context.Context) (Observation, error) {
	if d.spec.List != "" {
		return d.list(ctx)
	}
	kind, name := d.named()
	o := Observation{About: aboutDocker(kind, name)}
	if d.spec.Compose != "" {
		id, err := d.env.Docker.Find(ctx, name)
		if err != nil || id == "" {
			o.miss("there is no %s", container.Spoken(name))
			return o, err
		}
		name = id
	}
	raw, err := d.env.Docker.Inspect(ctx, kind, name)
	if err != nil {
		return Observation{}, err
	}
	if raw == nil {
		o.miss("there is no %s %s", kind, name)
		return o, nil
	}
	self, err := inspected(raw)
	if err != nil {
		return Observation{}, err
	}
	if d.spec.Search != "" {
		self["Search"], err = d.search(ctx, self)
		if container.Gone(err) {
			o.miss("there is no %s %s any more", kind, name)
			return o, nil
		}
		if err != nil {
			return Observation{}, err
		}
	}
	o.Self, o.Found, o.Summary, o.About.Found = self, true, "there", true
	o.Behaviour = hasHealth(self)
	return o, nil
}

// hasHealth tells whether a container has a health check, whose program takes its
// time to find out.
func hasHealth(container map[string]any) bool {
	state, _ := container["State"].(map[string]any)
	return state["Health"] != nil
}

func (d *docker) list(ctx context.Context) (Observation, error) {
	list, err := d.env.Docker.List(ctx, container.Kind(d.spec.List), d.spec.Filters)
	if err != nil {
		return Observation{}, err
	}
	items := []any{}
	for _, raw := range list {
		one, err := inspected(raw)
		if err != nil {
			return Observation{}, err
		}
		items = append(items, one)
	}
	return Observation{
		Self: map[string]any{"items": items}, Found: len(items) > 0, Missing: "there is no " + DescribeDocker(d.spec),
		Summary: fmt.Sprintf("%d there", len(items)), About: aboutDocker(container.Kind(d.spec.List), ""),
	}, nil
}

// search looks through the image that was inspected: its name may be another's by now.
func (d *docker) search(ctx context.Context, image map[string]any) (any, error) {
	id, _ := image["Id"].(string)
	hits, err := d.env.Searches.in(ctx, d.env.Docker, d.spec.Image, id, d.spec.Search)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(hits)
	if err != nil {
		return nil, err
	}
	return expr.FromJSON(raw)
}

// named is the kind and the name of the one object.
func (d *docker) named() (container.Kind, string) {
	switch {
	case d.spec.Image != "":
		return container.Image, d.spec.Image
	case d.spec.Network != "":
		return container.Network, d.spec.Network
	case d.spec.Volume != "":
		return container.Volume, d.spec.Volume
	case d.spec.Compose != "":
		return container.Container, ComposeWord + d.spec.Compose
	}
	return container.Container, d.spec.Container
}

// DescribeDocker names what a probe looks at: "container web".
func DescribeDocker(spec lab.DockerProbe) string {
	if spec.List == "" {
		kind, name := (&docker{spec: spec}).named()
		if kind == container.Container {
			return container.Spoken(name)
		}
		return string(kind) + " " + name
	}
	var narrow []string
	for _, key := range slices.Sorted(maps.Keys(spec.Filters)) {
		narrow = append(narrow, key+"="+spec.Filters[key])
	}
	if len(narrow) == 0 {
		return spec.List
	}
	return spec.List + " with " + strings.Join(narrow, ", ")
}

// aboutDocker is what an observation of an object of Docker's is about.
func aboutDocker(kind container.Kind, name string) About {
	return About{Subject: progress.Subject{Kind: progress.Docker, Name: string(kind) + "/" + name}}
}

// inspected decodes what inspecting printed.
func inspected(raw json.RawMessage) (map[string]any, error) {
	v, err := expr.FromJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("read what Docker says: %w", err)
	}
	self, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("what Docker describes is a %T, not an object", v)
	}
	return self, nil
}
