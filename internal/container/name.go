package container

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// Prefixes of what a lab calls containers; see lab.OfDocker.
const (
	byName    = "container/"
	byService = "compose/"
)

// The labels that Compose gives to its containers:
// https://github.com/compose-spec/compose-spec/blob/main/spec.md
const (
	composeService = "com.docker.compose.service"
	composeProject = "com.docker.compose.project"
	composeOneOff  = "com.docker.compose.oneoff"
)

// Ours is what the names of the checks' own Compose projects begin with.
const Ours = "labctl-"

// Find returns the ID of the container that a lab's word names: container/NAME,
// NAME, or compose/SERVICE, of which the oldest that runs, or else the oldest. What
// `docker compose run` has made is none of a service's, nor is a container that
// another stands in for. It is empty if there is none.
func (c *Client) Find(ctx context.Context, of string) (id string, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	service, composed := strings.CutPrefix(of, byService)
	if !composed {
		if id, err = c.containerID(ctx, strings.TrimPrefix(of, byName)); err != nil {
			return "", fmt.Errorf("look for the %s: %w", Spoken(of), err)
		}
		return id, nil
	}
	list, err := c.API.ContainerList(ctx, dockercontainer.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", composeService+"="+service)),
	})
	if err != nil {
		return "", fmt.Errorf("look for the %s: %w", Spoken(of), err)
	}
	runs := false
	for _, one := range list { // the newest first
		if strings.HasPrefix(one.Labels[composeProject], Ours) || strings.EqualFold(one.Labels[composeOneOff], "true") || slices.ContainsFunc(one.Names, isAside) {
			continue
		}
		running := one.State == dockercontainer.StateRunning
		if running || !runs {
			id, runs = one.ID, running
		}
	}
	return id, nil
}

// Spoken is a lab's word for a container as a person would say it: "container
// web", "container of the Compose service web".
func Spoken(of string) string {
	if service, composed := strings.CutPrefix(of, byService); composed {
		return "container of the Compose service " + service
	}
	return "container " + strings.TrimPrefix(of, byName)
}
