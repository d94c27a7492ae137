package diagnose

import (
	"context"
	"strings"
	"time"

	dockercontainer "github.com/docker/docker/api/types/container"

	engine "labctl.dev/labctl/internal/container"
)

// dockerPatience is more than for a cluster: looking into a container takes another.
const dockerPatience = 5 * time.Second

// Docker explains failures in one Docker Engine. Like a Diagnoser, it never fails
// itself, and is safe for concurrent use.
type Docker struct {
	client *engine.Client
	// inside runs one of labapp's programs in a network of Docker's.
	inside func(ctx context.Context, network string, argv []string) ([]byte, error)
	helper string
}

// NewDocker makes the diagnosis of an engine. What inside does is run a program
// of labapp's, named by argv, in a network of the engine's, which may be that of a
// container (container:ID). The image helper is for that, and no learner's business.
func NewDocker(client *engine.Client, helper string, inside func(ctx context.Context, network string, argv []string) ([]byte, error)) *Docker {
	return &Docker{client, inside, helper}
}

// Container explains why a container, by a lab's word for it, does not run as it
// should; nil if it does, or is on its way.
func (d *Docker) Container(ctx context.Context, of string) []Cause {
	return d.explain(ctx, func(ctx context.Context, x world) []Cause { return x.named(ctx, of) })
}

// Absent explains why an image, a network or a volume is not there.
func (d *Docker) Absent(ctx context.Context, kind engine.Kind, name string) []Cause {
	if kind == engine.Container {
		return d.Container(ctx, name)
	}
	return d.explain(ctx, func(ctx context.Context, x world) []Cause {
		if kind == engine.Image {
			return x.absentImage(ctx, name)
		}
		return x.absentOther(ctx, kind, name)
	})
}

// Request explains why a request failed.
func (d *Docker) Request(ctx context.Context, r DockerRequest) []Cause {
	return d.explain(ctx, func(ctx context.Context, x world) []Cause { return x.request(ctx, r) })
}

func (d *Docker) explain(ctx context.Context, how func(context.Context, world) []Cause) []Cause {
	ctx, cancel := context.WithTimeout(ctx, dockerPatience)
	defer cancel()
	all, err := d.client.All(ctx)
	if err != nil {
		return nil
	}
	x := world{Docker: d, now: time.Now()}
	for i := range all {
		if all[i].Config != nil && all[i].State != nil {
			x.containers = append(x.containers, docked{&all[i]})
		}
	}
	return how(ctx, x)
}

// world is what there is in an engine at one time.
type world struct {
	*Docker

	now        time.Time
	containers []docked
}

// docked is a container of Docker's.
type docked struct {
	*dockercontainer.InspectResponse
}

func (c docked) name() string { return strings.TrimPrefix(c.Name, "/") }

// ours tells containers of checks.
func (c docked) ours() bool { return strings.HasPrefix(c.name(), engine.Ours) }

// command is what a learner types to see for themselves. A container of a check's
// own is gone by the time that they read this: then it is what leads to its like.
func (c docked) command(verbs ...string) string {
	switch {
	case c.ours() && c.service() != "":
		return "docker compose logs " + c.service()
	case c.ours():
		return "docker run --rm " + c.Config.Image
	}
	all := make([]string, len(verbs))
	for i, verb := range verbs {
		all[i] = "docker " + verb + " " + c.name()
	}
	return strings.Join(all, "; ")
}

// service is the Compose service that it is of.
func (c docked) service() string { return c.Config.Labels["com.docker.compose.service"] }

// find returns the container that a lab's word names.
func (x world) find(ctx context.Context, of string) (docked, bool) {
	id, err := x.client.Find(ctx, of)
	if err != nil {
		return docked{}, false
	}
	for _, c := range x.containers {
		if c.ID == id {
			return c, true
		}
	}
	return docked{}, false
}

// named explains a container that is looked for, and is perhaps not there.
func (x world) named(ctx context.Context, of string) []Cause {
	c, there := x.find(ctx, of)
	if !there {
		return x.absentContainer(of)
	}
	return x.container(ctx, c)
}
