package kind

import (
	"fmt"
	"slices"

	"github.com/docker/docker/api/types/image"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// archived is what tells the image in an archive from others.
type archived struct {
	id     string // as Docker calls it where it keeps images itself
	arch   string
	config *v1.ConfigFile
}

// readArchive reads what the archive says of its image, and skips the layers: they
// are hundreds of megabytes, and named by their digests.
func readArchive(path string) (archived, error) {
	img, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return archived{}, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return archived{}, fmt.Errorf("read the image's configuration: %w", err)
	}
	id, err := img.ConfigName()
	if err != nil {
		return archived{}, err
	}
	return archived{id.String(), config.Architecture, config}, nil
}

// is says whether Docker's image is the archive's. Where containerd keeps the
// images, their ID is another: then the layers and the way to start them tell.
func (a archived) is(there *image.InspectResponse) bool {
	if there.ID == a.id {
		return true
	}
	if there.Config == nil {
		return false
	}
	layers := make([]string, len(a.config.RootFS.DiffIDs))
	for i, id := range a.config.RootFS.DiffIDs {
		layers[i] = id.String()
	}
	c := a.config.Config
	return slices.Equal(layers, there.RootFS.Layers) && slices.Equal(c.Entrypoint, there.Config.Entrypoint) &&
		slices.Equal(c.Cmd, there.Config.Cmd) && slices.Equal(c.Env, there.Config.Env) && c.StopSignal == there.Config.StopSignal
}
