package kind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
	"sigs.k8s.io/kind/pkg/apis/config/defaults"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/release"
)

const (
	// ownImage is the node image of `make node-image`, ownArchive its place in the
	// directory of binaries.
	ownImage   = "labctl.dev/node:v1.37.2"
	ownArchive = "node-image.tar"
	// askTime bounds asking a registry whether it has kind's image.
	askTime = 700 * time.Millisecond
)

// source says where a node image comes from.
type source struct {
	ref  string
	load string // the archive to load it from; empty if Docker has it or pulls it
	pull bool
	old  string // the ID of the image in Docker whose name the archive's gets; may be empty
}

// noImageError says that there is no node image, or none that can run here.
type noImageError struct{ reason string }

func (e *noImageError) Error() string { return e.reason }

// findImage looks for a node image: labctl's, in Docker or as an archive, kind's in
// Docker, kind's in its registry. The first has all that a cluster needs inside; so
// has the second.
func (e *Engine) findImage(ctx context.Context, docker *container.Client) (source, error) {
	server, err := docker.API.ServerVersion(ctx)
	if err != nil {
		return source{}, err
	}
	own, err := e.findOwn(ctx, docker, server.Arch)
	none := new(noImageError)
	if !errors.As(err, &none) {
		return own, err
	}
	kinds, err := inspect(ctx, docker, defaults.Image)
	if err != nil {
		return source{}, err
	}
	if kinds != nil && fits(kinds.Architecture, server.Arch) {
		return source{ref: defaults.Image}, nil
	}
	ask, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if _, err := docker.API.DistributionInspect(ask, defaults.Image, ""); err != nil {
		return source{}, errors.Join(none, ctx.Err())
	}
	return source{ref: defaults.Image, pull: true}, nil
}

// describe says where the image comes from.
func (s source) describe() string {
	ref, _, _ := strings.Cut(s.ref, "@")
	switch {
	case s.ref == "":
		return ""
	case s.load != "":
		return fmt.Sprintf("labctl's own (%s), which the first start loads into Docker from %s", ref, s.load)
	case s.pull:
		return fmt.Sprintf("kind's (%s), which the first start pulls: about 400 MB", ref)
	case s.ref == ownImage:
		return fmt.Sprintf("labctl's own (%s) is in Docker", ref)
	}
	return fmt.Sprintf("kind's (%s) is in Docker", ref)
}

// noImageRemedy says how to get a node image; the source of labctl can make one.
func noImageRemedy() string {
	pull := "Connect this machine to the internet and try again; the image is pulled once (`docker pull " + defaults.Image + "`)"
	if release.Version() != "" {
		return pull
	}
	return pull + ", or run `sudo make node-image` in labctl's source, which needs no registry"
}

// findOwn looks for labctl's own node image. What Docker has under its name may be
// of an earlier build, or something else: the archive counts, if there is one.
func (e *Engine) findOwn(ctx context.Context, docker *container.Client, arch string) (source, error) {
	there, err := inspect(ctx, docker, ownImage)
	if err != nil {
		return source{}, err
	}
	path := filepath.Join(e.cfg.Bin, ownArchive)
	archive, err := readArchive(path)
	var unfit string
	switch {
	case errors.Is(err, fs.ErrNotExist):
		unfit = "there is no node image: neither labctl's own nor kind's is in Docker, and the registry of kind's does not answer"
	case err != nil:
		unfit = "the node image " + path + " is damaged: " + err.Error()
	case !fits(archive.arch, arch):
		unfit = fmt.Sprintf("the node image %s is for %s, and Docker's machine is %s", path, archive.arch, arch)
	case there == nil || !archive.is(there):
		s := source{ref: ownImage, load: path}
		if there != nil {
			s.old = there.ID
		}
		return s, nil
	}
	if there == nil {
		return source{}, &noImageError{unfit}
	}
	if !fits(there.Architecture, arch) {
		return source{}, &noImageError{fmt.Sprintf("the node image %s in Docker is for %s, and Docker's machine is %s", ownImage, there.Architecture, arch)}
	}
	return source{ref: ownImage}, nil
}

// inspect returns nothing for an image that Docker has not.
func inspect(ctx context.Context, docker *container.Client, ref string) (*image.InspectResponse, error) {
	found, err := docker.API.ImageInspect(ctx, ref)
	if container.Gone(err) {
		return nil, nil //nolint:nilnil // as said above
	}
	return &found, err
}

// fits compares architectures; one that is not known may fit.
func fits(image, machine string) bool { return image == "" || machine == "" || image == machine }

// nodeImage names the image for the nodes; Docker has it then, or kind pulls it.
func (e *Engine) nodeImage(ctx context.Context, docker *container.Client, progress engine.Progress) (string, error) {
	found, err := e.findImage(ctx, docker)
	if err != nil || found.load == "" {
		if found.pull {
			progress("pulling the node image, once: about 400 MB")
		}
		return found.ref, err
	}
	progress("loading the node image into Docker, once")
	archive, err := os.Open(found.load)
	if err != nil {
		return "", fmt.Errorf("open the node image: %w", err)
	}
	defer archive.Close()
	if err := docker.LoadImages(ctx, archive); err != nil {
		return "", err
	}
	if found.old != "" {
		dropImage(ctx, docker, found.old)
	}
	return found.ref, nil
}

// dropImage removes an image that has lost its name, unless it has another or a
// cluster still runs on it: nobody waits for that.
func dropImage(ctx context.Context, docker *container.Client, id string) {
	if left, err := docker.API.ImageInspect(ctx, id); err == nil && len(left.RepoTags) == 0 {
		_, _ = docker.API.ImageRemove(ctx, id, image.RemoveOptions{}) // refused while it is used
	}
}
