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
	"os"
	"path"

	"github.com/klauspost/compress/zstd"
)

// archive is an image as `docker save` writes it. Its layers may be compressed,
// each in its own way.
type archive struct {
	file    *os.File
	members map[string]member
}

// member is where a file of the archive is.
type member struct {
	offset, size int64
	link         string // another member, for one that only leads there
}

// manifest is the part of manifest.json that leads to the rest:
// https://github.com/moby/docker-image-spec/blob/main/v1.2.md
type manifest struct {
	Config string
	Layers []string
}

// openArchive reads what is where. The file stays the caller's.
func openArchive(file *os.File) (*archive, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	a := &archive{file: file, members: map[string]member{}}
	for r := tar.NewReader(file); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, err
		}
		m := member{size: header.Size}
		if header.Typeflag == tar.TypeSymlink { // of layers that occur twice
			m.link = path.Join(path.Dir(header.Name), header.Linkname)
		}
		if m.offset, err = file.Seek(0, io.SeekCurrent); err != nil {
			return nil, err
		}
		a.members[path.Clean(header.Name)] = m
	}
}

func (a *archive) manifest() (manifest, error) {
	data, err := a.read("manifest.json")
	if err != nil {
		return manifest{}, err
	}
	var all []manifest
	if err := json.Unmarshal(data, &all); err != nil {
		return manifest{}, err
	}
	if len(all) != 1 {
		return manifest{}, fmt.Errorf("the archive holds %d images", len(all))
	}
	return all[0], nil
}

func (a *archive) read(name string) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (a *archive) open(name string) (io.Reader, error) {
	m, ok := a.members[path.Clean(name)]
	if ok && m.link != "" {
		m, ok = a.members[m.link]
	}
	if !ok {
		return nil, fmt.Errorf("the archive has no %s", name)
	}
	return io.NewSectionReader(a.file, m.offset, m.size), nil
}

// layer opens a layer and takes its compression off.
func (a *archive) layer(name string) (io.ReadCloser, error) {
	raw, err := a.open(name)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReader(raw)
	start, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}): // RFC 1952
		return gzip.NewReader(buffered)
	case bytes.Equal(start, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878
		r, err := zstd.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	}
	return io.NopCloser(buffered), nil
}
