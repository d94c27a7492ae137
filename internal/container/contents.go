package container

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Content is an image in an archive that `docker load` reads.
type Content struct {
	Ref string
	// IDs are what engines call the image: by its manifest those that keep images
	// in containerd, by its configuration the others.
	IDs []string
}

// maxTable bounds the tables of contents of an archive.
const maxTable = 16 << 20

// Contents lists the names that loading an archive gives to images. It reads the
// archive as far as its tables: those of labctl's are at the beginning.
func Contents(archive io.Reader) ([]Content, error) {
	found := contents{}
	seen := map[string]bool{}
	for members := tar.NewReader(archive); !seen["manifest.json"] || !seen["index.json"]; {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the archive of images: %w", err)
		}
		name := path.Clean(header.Name)
		read := map[string]func([]byte) error{"manifest.json": found.docker, "index.json": found.oci, "repositories": found.repositories}[name]
		if read == nil {
			continue
		}
		seen[name] = true
		data, err := io.ReadAll(io.LimitReader(members, maxTable+1))
		if err == nil && len(data) > maxTable {
			err = errors.New("it is too long")
		}
		if err == nil {
			err = read(data)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s in the archive of images: %w", name, err)
		}
	}
	return found.list, nil
}

type contents struct{ list []Content }

func (c *contents) add(ref, id string) {
	at := slices.IndexFunc(c.list, func(one Content) bool { return one.Ref == ref })
	if at < 0 {
		at = len(c.list)
		c.list = append(c.list, Content{Ref: ref})
	}
	if id != "" {
		c.list[at].IDs = append(c.list[at].IDs, id)
	}
}

// docker reads manifest.json, which `docker save` writes:
// https://github.com/moby/docker-image-spec
func (c *contents) docker(data []byte) error {
	var images []struct {
		Config   string
		RepoTags []string
	}
	if err := json.Unmarshal(data, &images); err != nil {
		return err
	}
	for _, image := range images {
		for _, ref := range image.RepoTags {
			c.add(ref, "sha256:"+strings.TrimSuffix(path.Base(image.Config), ".json"))
		}
	}
	return nil
}

// oci reads index.json:
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
func (c *contents) oci(data []byte) error {
	var index struct {
		Manifests []struct {
			Digest      string
			Annotations map[string]string
		}
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return err
	}
	for _, m := range index.Manifests {
		if ref := m.Annotations["io.containerd.image.name"]; ref != "" {
			c.add(strings.TrimPrefix(ref, "docker.io/library/"), m.Digest)
		}
	}
	return nil
}

// repositories reads the table of the oldest archives.
func (c *contents) repositories(data []byte) error {
	var all map[string]map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for repository, tags := range all {
		for tag := range tags {
			c.add(repository+":"+tag, "")
		}
	}
	return nil
}
