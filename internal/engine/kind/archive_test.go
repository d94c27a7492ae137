package kind

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// writeArchive makes an archive of an image with a layer of its own.
func writeArchive(t *testing.T, path string, config v1.Config) v1.Image {
	t.Helper()
	made, err := random.Image(1<<16, 1)
	if err != nil {
		t.Fatal(err)
	}
	made, err = mutate.Config(made, config)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(ownImage)
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(path, ref, made); err != nil {
		t.Fatal(err)
	}
	return made
}

// What Docker has under the name is told from the archive's image by its ID, or,
// where that is another, by what it is made of.
func TestArchiveKnowsItsImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), ownArchive)
	made := writeArchive(t, path, v1.Config{Entrypoint: []string{"/init"}})
	archive, err := readArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	id, err := made.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers := []string{config.RootFS.DiffIDs[0].String()}
	started := func(entrypoint string) *dockerspec.DockerOCIImageConfig {
		return &dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{Entrypoint: []string{entrypoint}}}
	}
	for name, tt := range map[string]struct {
		there image.InspectResponse
		want  bool
	}{
		"the same ID":            {image.InspectResponse{ID: id.String()}, true},
		"the same contents":      {image.InspectResponse{ID: "sha256:1", Config: started("/init"), RootFS: image.RootFS{Layers: layers}}, true},
		"started in another way": {image.InspectResponse{ID: "sha256:1", Config: started("/other"), RootFS: image.RootFS{Layers: layers}}, false},
		"other layers":           {image.InspectResponse{ID: "sha256:1", Config: started("/init"), RootFS: image.RootFS{Layers: []string{"sha256:2"}}}, false},
		"nothing known":          {image.InspectResponse{ID: "sha256:1"}, false},
	} {
		if got := archive.is(&tt.there); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestDamagedArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), ownArchive)
	writeArchive(t, path, v1.Config{})
	if err := os.Truncate(path, 700); err != nil {
		t.Fatal(err)
	}
	if _, err := readArchive(path); err == nil {
		t.Error("half an archive is read")
	}
	if _, err := readArchive(filepath.Join(t.TempDir(), "nowhere")); !os.IsNotExist(err) {
		t.Errorf("none at all: %v", err)
	}
}
