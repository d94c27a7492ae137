package diagnose

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	dockervolume "github.com/docker/docker/api/types/volume"

	engine "labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/diagnose/near"
)

// absentContainer explains why a container is not where it is looked for.
func (x world) absentContainer(of string) []Cause {
	if service, composed := strings.CutPrefix(of, "compose/"); composed {
		return x.absentService(service)
	}
	name := strings.TrimPrefix(of, "container/")
	var names []string
	for _, c := range x.containers {
		if c.ours() {
			continue
		}
		names = append(names, c.name())
		if c.service() == name {
			return []Cause{
				seen(NearlyRightName, "There is no container %s, but Compose has made one for the service of that name.", name),
				look(NearlyRightName, "It is called %s.", c.name()),
				fix(NearlyRightName, "Give the service container_name: %s.", name),
			}
		}
	}
	if nearest, ok := near.Best(name, names); ok {
		return []Cause{
			seen(NearlyRightName, "There is no container %s, but one of nearly that name.", name),
			look(NearlyRightName, "It is called %s.", nearest),
			fix(NearlyRightName, "docker rename %s %s", nearest, name),
		}
	}
	return others(names, "container", "docker ps -a")
}

// absentService explains why no container is of a Compose service.
func (x world) absentService(service string) []Cause {
	var services []string
	for _, c := range x.containers {
		if s := c.service(); s != "" && !c.ours() && !slices.Contains(services, s) {
			services = append(services, s)
		}
	}
	if len(services) == 0 {
		return []Cause{
			seen(NotFound, "No container is of a Compose project."),
			look(NotFound, "See, where the Compose file is: docker compose ps -a"),
			fix(NotFound, "docker compose up -d"),
		}
	}
	if nearest, ok := near.Best(service, services); ok {
		return []Cause{
			seen(NearlyRightName, "No Compose service is called %s, but one nearly so.", service),
			look(NearlyRightName, "It is called %s.", nearest),
		}
	}
	return others(services, "Compose service with a container", "docker compose ps -a")
}

// others says what there is instead.
func others(names []string, what, command string) []Cause {
	if len(names) == 0 {
		return []Cause{seen(NotFound, "There is no %s at all.", what)}
	}
	return []Cause{
		seen(NotFound, "There are others: %s.", and(sorted(slices.Clone(names)))),
		look(NotFound, "See: %s", command),
	}
}

// absentImage explains why an image is not there: names have two halves, and one
// without a tag has one nonetheless.
func (x world) absentImage(ctx context.Context, name string) []Cause {
	list, err := x.client.API.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil
	}
	var all []string
	for _, i := range list {
		all = append(all, i.RepoTags...)
	}
	all = slices.DeleteFunc(all, func(tag string) bool { return tag == x.helper })
	repository, tag := split(name)
	tag = cmp.Or(tag, "latest")
	tags := tagsOf(repository, all)
	if slices.Contains(tags, tag) {
		return nil // it is there by now
	}
	if len(tags) > 0 {
		return []Cause{
			seen(NearlyRightName, "There is an image %s, but with no tag %s.", repository, tag),
			look(NearlyRightName, "It has: %s. See: docker images %s", and(sorted(tags)), repository),
			fix(NearlyRightName, "docker tag %s:%s %s:%s", repository, tags[0], repository, tag),
		}
	}
	if nearest, ok := nearImage(repository+":"+tag, all); ok {
		return []Cause{
			seen(NearlyRightName, "There is no image %s, but one of nearly that name.", name),
			look(NearlyRightName, "It is called %s.", nearest),
			fix(NearlyRightName, "docker tag %s %s", nearest, name),
		}
	}
	return others(all, "image", "docker images")
}

// absentOther explains why a network or a volume is not there.
func (x world) absentOther(ctx context.Context, kind engine.Kind, name string) []Cause {
	var names []string
	switch kind {
	case engine.Network:
		list, err := x.client.API.NetworkList(ctx, network.ListOptions{})
		if err != nil {
			return nil
		}
		for _, n := range list {
			names = append(names, n.Name)
		}
	case engine.Volume:
		list, err := x.client.API.VolumeList(ctx, dockervolume.ListOptions{})
		if err != nil {
			return nil
		}
		for _, v := range list.Volumes {
			names = append(names, v.Name)
		}
	}
	if slices.Contains(names, name) {
		return nil
	}
	// Compose puts the project's name before those of networks and volumes.
	at := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, "_"+name) })
	if at >= 0 {
		return []Cause{
			seen(NearlyRightName, "There is no %s %s, but one that Compose has made for it.", kind, name),
			look(NearlyRightName, "It is called %s: Compose puts the project's name first.", names[at]),
			fix(NearlyRightName, "Give it name: %s in the Compose file.", name),
		}
	}
	if nearest, ok := near.Best(name, names); ok {
		return []Cause{
			seen(NearlyRightName, "There is no %s %s, but one of nearly that name.", kind, name),
			look(NearlyRightName, "It is called %s.", nearest),
		}
	}
	return others(names, string(kind), "docker "+string(kind)+" ls")
}
