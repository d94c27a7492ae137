package container

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	dockercontainer "github.com/docker/docker/api/types/container"
)

// Kind is a kind of object that the engine has.
type Kind string

// The kinds.
const (
	Container Kind = "container"
	Image     Kind = "image"
	Network   Kind = "network"
	Volume    Kind = "volume"
)

// listTime bounds looking at all there is of a kind, which may be hundreds.
const listTime = 30 * time.Second

// Inspect returns what `docker inspect` prints of one object, which goes by its
// name or its whole ID, or nil if there is none. Of an image, History is added: what
// `docker history` shows. Of a network, helper containers are left out.
func (c *Client) Inspect(ctx context.Context, kind Kind, name string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	raw, err := c.inspect(ctx, kind, name)
	if Gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inspect the %s %s: %w", kind, name, err)
	}
	return raw, nil
}

func (c *Client) inspect(ctx context.Context, kind Kind, name string) (raw json.RawMessage, err error) {
	switch kind {
	case Container:
		if name, err = exactly(ctx, name, c.containerID); err == nil {
			_, raw, err = c.API.ContainerInspectWithRaw(ctx, name, false)
		}
	case Network:
		if name, err = exactly(ctx, name, c.NetworkID); err == nil {
			return c.inspectNetwork(ctx, name)
		}
	case Volume:
		_, raw, err = c.API.VolumeInspectWithRaw(ctx, name)
	case Image:
		return c.inspectImage(ctx, name)
	default:
		return nil, fmt.Errorf("%q is no kind of object that Docker has", kind)
	}
	return raw, err
}

func (c *Client) inspectNetwork(ctx context.Context, id string) (json.RawMessage, error) {
	_, raw, err := c.API.NetworkInspectWithRaw(ctx, id, network.InspectOptions{})
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(all["Containers"], &members); err != nil || members == nil {
		return raw, err
	}
	if err := c.withoutHelpers(ctx, members); err != nil {
		return nil, err
	}
	if all["Containers"], err = json.Marshal(members); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

func (c *Client) inspectImage(ctx context.Context, name string) (json.RawMessage, error) {
	var raw bytes.Buffer
	found, err := c.API.ImageInspect(ctx, name, client.ImageInspectWithRawResponse(&raw))
	if err != nil {
		return nil, err
	}
	if abbreviates(name, found) {
		return nil, nil
	}
	history, err := c.API.ImageHistory(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw.Bytes(), &all); err != nil {
		return nil, err
	}
	if all["History"], err = listed(history); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// listed is a list as JSON, also one of nothing: an image need not have a history.
func listed[T any](list []T) (json.RawMessage, error) {
	return json.Marshal(append([]T{}, list...))
}

// List returns all objects of a kind that match the filters, which are those of
// `docker ls -f`. Containers that do not run are among them, helpers are not.
func (c *Client) List(ctx context.Context, kind Kind, match map[string]string) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	args := filters.NewArgs()
	for key, value := range match {
		args.Add(key, value)
	}
	names, err := c.names(ctx, kind, args)
	if err != nil {
		return nil, fmt.Errorf("list the %ss: %w", kind, err)
	}
	all := []json.RawMessage{}
	for _, name := range names {
		raw, err := c.Inspect(ctx, kind, name)
		if err != nil {
			return nil, err
		}
		if raw != nil { // else it went meanwhile
			all = append(all, raw)
		}
	}
	return all, nil
}

// All inspects every container there is, but for helpers.
func (c *Client) All(ctx context.Context) ([]dockercontainer.InspectResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	ids, err := c.names(ctx, Container, filters.NewArgs())
	if err != nil {
		return nil, err
	}
	var all []dockercontainer.InspectResponse
	for _, id := range ids {
		one, err := c.API.ContainerInspect(ctx, id)
		if Gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if one.Config != nil && one.Config.Labels[HelperLabel] != "" {
			continue // another process's
		}
		all = append(all, one)
	}
	return all, nil
}

// exactly finds the ID that a name stands for. An ID stands for itself.
func exactly(ctx context.Context, name string, find func(context.Context, string) (string, error)) (string, error) {
	if wholeID.MatchString(name) {
		return name, nil
	}
	id, err := find(ctx, name)
	if err == nil && id == "" {
		err = fmt.Errorf("%w: there is no %s", errdefs.ErrNotFound, name)
	}
	return id, err
}

// wholeID is an ID of a container or network.
var wholeID = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c *Client) names(ctx context.Context, kind Kind, match filters.Args) (names []string, err error) {
	switch kind {
	case Container:
		list, err := c.API.ContainerList(ctx, dockercontainer.ListOptions{All: true, Filters: match})
		if err != nil {
			return nil, err
		}
		for i := range list {
			is, err := c.isHelper(ctx, &list[i])
			if err != nil {
				return nil, err
			}
			if !is {
				names = append(names, list[i].ID)
			}
		}
		return names, nil
	case Image:
		list, err := c.API.ImageList(ctx, image.ListOptions{Filters: match})
		for _, one := range list {
			names = append(names, one.ID)
		}
		return names, err
	case Network:
		list, err := c.API.NetworkList(ctx, network.ListOptions{Filters: match})
		for _, one := range list {
			names = append(names, one.ID)
		}
		return names, err
	case Volume:
		list, err := c.API.VolumeList(ctx, volume.ListOptions{Filters: match})
		for _, one := range list.Volumes {
			names = append(names, one.Name)
		}
		return names, err
	}
	return nil, fmt.Errorf("%q is no kind of object that Docker has", kind)
}
