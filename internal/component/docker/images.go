package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/docker/docker/api/types/image"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/container"
)

const (
	// claimSuffix ends the name of the volume that says which images an environment
	// needs, imagesLabel is where, as JSON: the images' IDs by their names.
	claimSuffix = "-images"
	imagesLabel = "dev.labctl.docker.images"
	// claimName is a copy of it in the component's directory, for when the volume is
	// gone and the images are not yet.
	claimName = "images.json"
)

// claim says which images an environment needs.
type claim map[string][]string

func (c claim) has(ref, id string) bool { return slices.Contains(c[ref], id) }

// lodge loads a lab's images into the user's engine. Environments share them: what
// one of them has there already by the same name is replaced if nobody else needs
// it; an image that labctl did not bring is left alone, and that is an error.
func lodge(ctx context.Context, docker *container.Client, spec component.Spec, archive io.Reader) error {
	var begin bytes.Buffer
	list, err := container.Contents(io.TeeReader(archive, &begin))
	if err != nil {
		return err
	}
	mine, others, err := claims(ctx, docker, spec.ID)
	if err != nil {
		return err
	}
	needs := claim{}
	for _, content := range list {
		ours, err := mayLodge(ctx, docker, content, mine, others)
		if err != nil {
			return err
		}
		if ours {
			needs[content.Ref] = content.IDs
		}
	}
	if err := stake(ctx, docker, spec, needs); err != nil {
		return err
	}
	return docker.LoadImages(ctx, io.MultiReader(&begin, archive))
}

// mayLodge says whether an image is labctl's once it is loaded: not if the user has
// the very same one already. It fails if another one is in its place.
func mayLodge(ctx context.Context, docker *container.Client, content container.Content, mine claim, others map[string]claim) (ours bool, err error) {
	now, err := docker.API.ImageInspect(ctx, content.Ref)
	if container.Gone(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the image %s: %w", content.Ref, err)
	}
	same := slices.Contains(content.IDs, now.ID)
	for _, id := range slices.Sorted(maps.Keys(others)) {
		if others[id].has(content.Ref, now.ID) {
			if same {
				return true, nil
			}
			return false, fmt.Errorf("the lab needs an image %s, and the environment %s has another one of this name in your Docker Engine: "+
				"stop that one first (`labctl status --all` lists them), or start the lab with --docker own", content.Ref, id)
		}
	}
	switch {
	case mine.has(content.Ref, now.ID) && same:
		return true, nil
	case mine.has(content.Ref, now.ID): // of an older labctl
		return true, dropImage(ctx, docker, content.Ref)
	case same:
		return false, nil
	}
	return false, fmt.Errorf("the lab brings an image %s, and there is one of this name in your Docker Engine that is not labctl's: "+
		"give yours another name (`docker tag %s NAME`, `docker rmi %s`), or start the lab with --docker own", content.Ref, content.Ref, content.Ref)
}

// claims reads what environments need: the one of this ID, and the others.
func claims(ctx context.Context, docker *container.Client, id string) (mine claim, others map[string]claim, err error) {
	list, err := marked(ctx, docker, imagesLabel)
	if err != nil {
		return nil, nil, err
	}
	others = map[string]claim{}
	for _, v := range list {
		needs := claim{}
		if err := json.Unmarshal([]byte(v.Labels[imagesLabel]), &needs); err != nil {
			return nil, nil, fmt.Errorf("read the label %s of the volume %s: %w", imagesLabel, v.Name, err)
		}
		of := v.Name[len(markerPrefix) : len(v.Name)-len(claimSuffix)]
		if of == id {
			mine = needs
		} else {
			others[of] = needs
		}
	}
	return mine, others, nil
}

// stake says what an environment needs, before it is there. The labels of a volume
// cannot be changed, so there is a new one.
func stake(ctx context.Context, docker *container.Client, spec component.Spec, needs claim) error {
	data, err := json.Marshal(needs)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(spec.Dir, claimName), data, 0o600); err != nil {
		return fmt.Errorf("note the lab's images: %w", err)
	}
	name := markerName(spec.ID) + claimSuffix
	if err := dropVolume(ctx, docker, name); err != nil {
		return err
	}
	return makeVolume(ctx, docker, name, map[string]string{imagesLabel: string(data)})
}

// returnImages removes the images that no environment needs any more. The claim
// goes first: of two environments that end at once, the later one sees that.
func returnImages(ctx context.Context, docker *container.Client, spec component.Spec) error {
	mine, _, err := claims(ctx, docker, spec.ID)
	if err != nil {
		return err
	}
	if mine == nil {
		if data, err := os.ReadFile(filepath.Join(spec.Dir, claimName)); err == nil {
			err = json.Unmarshal(data, &mine)
			if err != nil {
				return fmt.Errorf("read the lab's images: %w", err)
			}
		}
	}
	if err := dropVolume(ctx, docker, markerName(spec.ID)+claimSuffix); err != nil {
		return err
	}
	_, others, err := claims(ctx, docker, spec.ID)
	if err != nil {
		return err
	}
	for _, ref := range slices.Sorted(maps.Keys(mine)) {
		err = errors.Join(err, returnImage(ctx, docker, ref, mine, others))
	}
	return err
}

func returnImage(ctx context.Context, docker *container.Client, ref string, mine claim, others map[string]claim) error {
	now, err := docker.API.ImageInspect(ctx, ref)
	if container.Gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the image %s: %w", ref, err)
	}
	if !mine.has(ref, now.ID) {
		return nil // the user's by now
	}
	for _, other := range others {
		if other.has(ref, now.ID) {
			return nil
		}
	}
	return dropImage(ctx, docker, ref)
}

// dropImage takes a name from an image, which goes with its last one, unless a
// container of the user's needs it.
func dropImage(ctx context.Context, docker *container.Client, ref string) error {
	_, err := docker.API.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	if err != nil && !container.Gone(err) && !container.Conflict(err) {
		return fmt.Errorf("remove the image %s: %w", ref, err)
	}
	return nil
}
