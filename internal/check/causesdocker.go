package check

import (
	"context"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/diagnose"
	"labctl.dev/labctl/internal/lab"
)

// dockerChain explains a finding by what is wrong in Docker.
func (s *scenario) dockerChain(ctx context.Context, f finding) []diagnose.Cause {
	if f.expectation == nil {
		return s.docker.Container(ctx, f.about.Name) // of a stimulus
	}
	x := f.expectation.spec
	switch {
	case x.HTTP != nil:
		return s.docker.Request(ctx, dockerRequest(x.HTTP, f.seen))
	case x.Exec != nil && lab.OfDocker(x.Exec.Of):
		return s.docker.Container(ctx, x.Exec.Of)
	case x.Logs != nil && lab.OfDocker(x.Logs.Of):
		return s.docker.Container(ctx, x.Logs.Of)
	case x.Docker == nil || x.Docker.Absent:
		return nil // what is too much needs no explanation
	case x.Docker.Container != "":
		return s.docker.Container(ctx, x.Docker.Container)
	case x.Docker.Compose != "":
		return s.docker.Container(ctx, probe.ComposeWord+x.Docker.Compose)
	case x.Docker.Image != "":
		return s.docker.Absent(ctx, container.Image, x.Docker.Image)
	case x.Docker.Network != "":
		return s.docker.Absent(ctx, container.Network, x.Docker.Network)
	case x.Docker.Volume != "":
		return s.docker.Absent(ctx, container.Volume, x.Docker.Volume)
	}
	return nil
}

// dockerRequest tells the diagnosis of the worst of the responses.
func dockerRequest(h *lab.HTTPProbe, l look) diagnose.DockerRequest {
	status, kind := worst(l)
	return diagnose.DockerRequest{
		Container: h.Container, Port: h.Port, URL: h.URL, From: h.From, Path: h.Path, Status: status, ErrorKind: kind,
	}
}

// insideDocker runs a program of labapp's in a network of Docker's.
func insideDocker(docker *container.Client) func(context.Context, string, []string) ([]byte, error) {
	return func(ctx context.Context, network string, argv []string) ([]byte, error) {
		return docker.Output(ctx, network, append([]string{prober.Binary}, argv...))
	}
}
