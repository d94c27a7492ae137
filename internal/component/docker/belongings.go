package docker

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/containerd/errdefs"
	dockercontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/container"
)

// belongings are what an environment has made in the user's engine: what carries
// its label, and tags it gave to images of others.
type belongings struct {
	docker *container.Client
	id     string
	tags   *tags
}

func belongingsOf(docker *container.Client, spec component.Spec) belongings {
	return belongings{docker, spec.ID, tagsOf(spec)}
}

// containers are the environment's, whether they run or not.
func (b belongings) containers(ctx context.Context) ([]dockercontainer.Summary, error) {
	list, err := b.docker.API.ContainerList(ctx, dockercontainer.ListOptions{All: true, Filters: labelled(b.id)})
	if err != nil {
		return nil, fmt.Errorf("list the environment's containers: %w", err)
	}
	return list, nil
}

// remove removes them. A learner may go on working meanwhile, so it looks again
// until it finds nothing.
func (b belongings) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, resetTimeout, fmt.Errorf("given up after %v", resetTimeout))
	defer cancel()
	var busy error
	err := wait.PollUntilContextCancel(ctx, resetEvery, true, func(ctx context.Context) (bool, error) {
		r := removal{belongings: b}
		err := r.all(ctx)
		busy = r.busy
		return r.found == 0, err
	})
	if ctx.Err() != nil {
		return fmt.Errorf("remove what the environment made of Docker: %w", errors.Join(context.Cause(ctx), busy))
	}
	return err
}

// removal goes once through all that there is.
type removal struct {
	belongings

	found int   // things that were to be removed
	busy  error // why the last one could not be
}

func (r *removal) all(ctx context.Context) error {
	for _, kind := range []func(context.Context) error{r.allContainers, r.allNetworks, r.allVolumes, r.allImages} {
		if err := kind(ctx); err != nil {
			return err
		}
	}
	return r.tags.each(func(ref string) error { return r.untag(ctx, ref) })
}

// removed takes note of what became of one thing.
func (r *removal) removed(what, name string, err error) error {
	r.found++
	if err == nil || container.Gone(err) {
		return nil
	}
	err = fmt.Errorf("remove the %s %s: %w", what, name, err)
	if container.Conflict(err) || errdefs.IsPermissionDenied(err) { // the latter: a network with containers
		r.busy = err
		return nil
	}
	return err
}

func (r *removal) allContainers(ctx context.Context) error {
	list, err := r.containers(ctx)
	if err != nil {
		return err
	}
	// All at once: the engine takes a moment for each.
	outcomes := make([]error, len(list))
	var all sync.WaitGroup
	for i, c := range list {
		all.Go(func() {
			outcomes[i] = r.docker.API.ContainerRemove(ctx, c.ID, dockercontainer.RemoveOptions{Force: true, RemoveVolumes: true})
		})
	}
	all.Wait()
	for i, c := range list {
		if err := r.removed("container", c.ID, outcomes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *removal) allNetworks(ctx context.Context) error {
	list, err := r.docker.API.NetworkList(ctx, network.ListOptions{Filters: labelled(r.id)})
	if err != nil {
		return fmt.Errorf("list the environment's networks: %w", err)
	}
	for i := range list {
		if err := r.removed("network", list[i].Name, r.dropNetwork(ctx, list[i].ID)); err != nil {
			return err
		}
	}
	return nil
}

// dropNetwork takes out what containers of the user's are in it, and removes it.
func (r *removal) dropNetwork(ctx context.Context, id string) error {
	err := r.docker.API.NetworkRemove(ctx, id)
	if err == nil || container.Gone(err) {
		return err
	}
	about, lost := r.docker.API.NetworkInspect(ctx, id, network.InspectOptions{})
	if lost != nil {
		return lost
	}
	for member := range about.Containers {
		if err := r.docker.API.NetworkDisconnect(ctx, id, member, true); err != nil && !container.Gone(err) {
			return err
		}
	}
	return r.docker.API.NetworkRemove(ctx, id)
}

func (r *removal) allVolumes(ctx context.Context) error {
	list, err := r.docker.API.VolumeList(ctx, volume.ListOptions{Filters: labelled(r.id)})
	if err != nil {
		return fmt.Errorf("list the environment's volumes: %w", err)
	}
	for _, v := range list.Volumes {
		if err := r.removed("volume", v.Name, r.docker.API.VolumeRemove(ctx, v.Name, true)); err != nil {
			return err
		}
	}
	return nil
}

// allImages removes what the environment built. One that a container of the user's
// needs by now stays.
func (r *removal) allImages(ctx context.Context) error {
	list, err := r.docker.API.ImageList(ctx, image.ListOptions{Filters: labelled(r.id)})
	if err != nil {
		return fmt.Errorf("list the environment's images: %w", err)
	}
	for _, i := range list {
		refs := i.RepoTags
		if len(refs) == 0 {
			refs = []string{i.ID}
		}
		for _, ref := range refs {
			if err := r.untag(ctx, ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// untag takes a name from an image, or removes it by its ID. With the last of its
// names an image goes.
func (r *removal) untag(ctx context.Context, ref string) error {
	_, err := r.docker.API.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	switch {
	case container.Gone(err) || container.Conflict(err): // the latter: it is in use
		return nil
	case err != nil:
		return fmt.Errorf("remove the image %s: %w", ref, err)
	}
	r.found++
	return nil
}
