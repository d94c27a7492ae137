package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

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
}

// findImage looks for a node image: labctl's in Docker, labctl's as an archive,
// kind's in Docker, kind's in its registry. The first has all that a cluster needs
// inside; so has the third.
func (e *Engine) findImage(ctx context.Context, docker *container.Client) (source, error) {
	archive := filepath.Join(e.cfg.Bin, ownArchive)
	_, missing := os.Stat(archive)
	for _, s := range []source{{ref: ownImage}, {ref: ownImage, load: archive}, {ref: defaults.Image}} {
		if s.load != "" {
			if missing == nil {
				return s, nil
			}
			continue
		}
		if _, err := docker.API.ImageInspect(ctx, s.ref); err == nil || !container.Gone(err) {
			return s, err
		}
	}
	ask, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if _, err := docker.API.DistributionInspect(ask, defaults.Image, ""); err != nil {
		return source{}, errors.Join(errNoImage, ctx.Err())
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

var errNoImage = errors.New("there is no node image: neither labctl's own nor kind's is in Docker, and the registry of kind's does not answer")

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
	return found.ref, docker.LoadImages(ctx, archive)
}
