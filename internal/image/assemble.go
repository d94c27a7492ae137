package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Assembler makes archives of images.
type Assembler struct {
	// CacheDir remembers the digests of layers, so that the next Assemble
	// need not read the binaries. It is made when missing; "" is no cache.
	CacheDir string
}

// Image is one assembled image.
type Image struct {
	Ref          string
	Digest       string // of the manifest: "sha256:..."
	Config       string // the digest of the configuration
	Architecture string
}

// Archive is a set of images, ready to be written.
type Archive struct {
	Images []Image
	// Size is the exact number of bytes WriteTo writes.
	Size int64

	layers []*layer
	blobs  []blob // configurations and manifests
	index  []byte
	docker []byte
}

type blob struct {
	digest  v1.Hash
	content []byte
}

// Assemble makes one archive of all the images. The same specs and binaries
// give the same bytes, wherever and whenever.
func (a Assembler) Assemble(specs ...Spec) (*Archive, error) {
	archive := &Archive{}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	var docker []dockerImage
	byKey := map[string]*layer{}
	for i := range specs {
		spec := &specs[i]
		if err := spec.validate(); err != nil {
			return nil, err
		}
		l, err := a.layer(spec, byKey)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", spec.Ref, err)
		}
		made, err := archive.add(spec, l)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", spec.Ref, err)
		}
		index.Manifests = append(index.Manifests, made.descriptor)
		docker = append(docker, made.docker)
	}
	for _, l := range byKey {
		archive.layers = append(archive.layers, l)
	}
	return archive, archive.finish(index, docker)
}

// layer plans and measures the spec's layer, or finds it among those there.
func (a Assembler) layer(spec *Spec, byKey map[string]*layer) (*layer, error) {
	l, err := planLayer(spec.Files, spec.Links)
	if err != nil {
		return nil, err
	}
	key := l.key()
	if known := byKey[key]; known != nil {
		return known, nil
	}
	if err := l.measure(a.CacheDir); err != nil {
		return nil, err
	}
	byKey[key] = l
	return l, nil
}

// made is what the archive's two tables of contents say of an image.
type made struct {
	descriptor v1.Descriptor
	docker     dockerImage
}

// dockerImage is an element of manifest.json, which `docker load` reads.
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// add makes the image's configuration and manifest.
func (a *Archive) add(spec *Spec, l *layer) (made, error) {
	config, err := a.blob(configFile(spec, l))
	if err != nil {
		return made{}, err
	}
	layer := v1.Descriptor{MediaType: types.OCIUncompressedLayer, Digest: l.digest, Size: l.size}
	config.MediaType = types.OCIConfigJSON
	manifest, err := a.blob(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{layer},
	})
	if err != nil {
		return made{}, err
	}
	manifest.MediaType = types.OCIManifestSchema1
	manifest.Platform = &v1.Platform{OS: "linux", Architecture: l.arch}
	manifest.Annotations = map[string]string{
		"io.containerd.image.name":          spec.Ref,
		"org.opencontainers.image.ref.name": spec.Ref,
	}
	a.Images = append(a.Images, Image{spec.Ref, manifest.Digest.String(), config.Digest.String(), l.arch})
	return made{manifest, dockerImage{blobPath(config.Digest), []string{spec.Ref}, []string{blobPath(l.digest)}}}, nil
}

func configFile(spec *Spec, l *layer) v1.ConfigFile {
	var ports map[string]struct{}
	for _, port := range spec.ExposedPorts {
		if ports == nil {
			ports = map[string]struct{}{}
		}
		ports[port] = struct{}{}
	}
	return v1.ConfigFile{
		OS: "linux", Architecture: l.arch, Created: v1.Time{Time: time.Unix(0, 0).UTC()},
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{l.digest}},
		Config: v1.Config{
			Entrypoint: spec.Entrypoint, Cmd: spec.Cmd, Env: spec.env(), User: spec.User,
			WorkingDir: spec.WorkingDir, Labels: spec.Labels, ExposedPorts: ports,
		},
	}
}

// blob adds v as JSON and returns its digest and size.
func (a *Archive) blob(v any) (v1.Descriptor, error) {
	content, err := json.Marshal(v)
	if err != nil {
		return v1.Descriptor{}, err
	}
	sum := sha256.Sum256(content)
	digest := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	for _, b := range a.blobs {
		if b.digest == digest {
			return v1.Descriptor{Digest: digest, Size: int64(len(content))}, nil
		}
	}
	a.blobs = append(a.blobs, blob{digest, content})
	return v1.Descriptor{Digest: digest, Size: int64(len(content))}, nil
}

func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }
