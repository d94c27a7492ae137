package container

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// The engine takes the beginning of an ID for a name, and hex digits make words: of
// a learner's containers, one in 256 is called "db" in this way. A lab's words are
// names, so they are looked for here, and what is found goes by its ID.

// only is the filter for one name, which the engine takes as a pattern.
func only(name string) filters.Args {
	return filters.NewArgs(filters.Arg("name", "^/?"+regexp.QuoteMeta(name)+"$"))
}

// containerID finds a container by its name; empty if there is none.
func (c *Client) containerID(ctx context.Context, name string) (string, error) {
	list, err := c.API.ContainerList(ctx, dockercontainer.ListOptions{All: true, Filters: only(name)})
	if err != nil {
		return "", err
	}
	for _, one := range list {
		if slices.Contains(one.Names, "/"+name) {
			return one.ID, nil
		}
	}
	return "", nil
}

// NetworkID finds a network by its name; empty if there is none.
func (c *Client) NetworkID(ctx context.Context, name string) (string, error) {
	list, err := c.API.NetworkList(ctx, network.ListOptions{Filters: only(name)})
	if err != nil {
		return "", err
	}
	for i := range list {
		if list[i].Name == name {
			return list[i].ID, nil
		}
	}
	return "", nil
}

// abbreviates tells whether a word led to an image only as the beginning of its
// ID, and is none of its names.
func abbreviates(word string, found image.InspectResponse) bool {
	_, id, _ := strings.Cut(found.ID, ":")
	if strings.ContainsAny(word, ":@/") || !strings.HasPrefix(id, word) {
		return false
	}
	return !slices.ContainsFunc(found.RepoTags, func(tag string) bool {
		return strings.TrimPrefix(strings.TrimPrefix(tag, "docker.io/"), "library/") == word+":latest"
	})
}
