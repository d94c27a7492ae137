package container

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// archive is what was found in an image as `docker save` writes it. What its members
// are is told by their beginning: the table of contents may come last.
type archive struct {
	text      string
	manifests []manifest
	// inConfig says that the text stands in one of the JSON documents.
	inConfig bool
	// layers are the files that hold the text, by the layer's name in the archive;
	// links are layers that occur twice.
	layers map[string][]string
	links  map[string]string
}

// manifest is the part of manifest.json that leads to the layers:
// https://github.com/moby/docker-image-spec/blob/main/v1.2.md
type manifest struct{ Layers []string }

const (
	// maxDocument bounds what is held in memory of a JSON document.
	maxDocument = 32 << 20
	// begin is how much of a member tells what it is: the place of tar's magic.
	begin = 512
)

// readArchive looks for a text in everything that an image is made of.
func readArchive(saved io.Reader, text string) (*archive, error) {
	a := &archive{text: text, layers: map[string][]string{}, links: map[string]string{}}
	for r := tar.NewReader(saved); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, err
		}
		name := path.Clean(header.Name)
		switch header.Typeflag {
		case tar.TypeSymlink:
			a.links[name] = path.Join(path.Dir(name), header.Linkname)
		case tar.TypeLink:
			a.links[name] = path.Clean(header.Linkname)
		case tar.TypeReg:
			if err := a.member(name, r); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
}

func (a *archive) member(name string, content io.Reader) error {
	if slices.Contains([]string{"index.json", "oci-layout", "repositories"}, name) {
		return nil // about the archive and the image's name
	}
	buffered := bufio.NewReaderSize(content, 64<<10)
	start, err := buffered.Peek(begin)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if name != "manifest.json" && isLayer(start) {
		return a.search(name, buffered, start)
	}
	document, err := io.ReadAll(io.LimitReader(buffered, maxDocument))
	if err != nil {
		return err
	}
	if name == "manifest.json" {
		return json.Unmarshal(document, &a.manifests)
	}
	rest, err := holds(buffered, []byte(a.text))
	a.inConfig = a.inConfig || inJSON(document, a.text) || rest
	return err
}

// The first bytes of what layers are compressed by: RFC 1952, RFC 8878.
const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
)

// isLayer tells a layer from a JSON document. One without files is all zeros.
func isLayer(start []byte) bool {
	const place = 257
	return bytes.HasPrefix(start, []byte(gzipMagic)) || bytes.HasPrefix(start, []byte(zstdMagic)) ||
		len(start) == begin && (start[0] == 0 || bytes.HasPrefix(start[place:], []byte("ustar")))
}

// search looks through a layer, whatever its compression.
func (a *archive) search(name string, content io.Reader, start []byte) error {
	switch {
	case bytes.HasPrefix(start, []byte(gzipMagic)):
		r, err := gzip.NewReader(content)
		if err != nil {
			return err
		}
		content = r
	case bytes.HasPrefix(start, []byte(zstdMagic)):
		r, err := zstd.NewReader(content, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer r.Close()
		content = r
	}
	paths, err := searchTar(content, a.text)
	a.layers[name] = paths
	return err
}

// layer returns the files found in a layer, and whether the archive has it.
func (a *archive) layer(name string) (paths []string, there bool) {
	name = path.Clean(name)
	if target, linked := a.links[name]; linked {
		name = target
	}
	paths, there = a.layers[name]
	return paths, there
}
