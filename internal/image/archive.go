package image

import (
	"archive/tar"
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const ociLayout = `{"imageLayoutVersion":"1.0.0"}`

// finish makes the tables of contents and computes the size.
func (a *Archive) finish(index v1.IndexManifest, docker []dockerImage) (err error) {
	slices.SortFunc(a.layers, func(x, y *layer) int { return cmp.Compare(x.digest.Hex, y.digest.Hex) })
	if a.index, err = json.Marshal(index); err != nil {
		return err
	}
	if a.docker, err = json.Marshal(docker); err != nil {
		return err
	}
	const block = 512
	add := func(content int64) { a.Size += block + (content+block-1)/block*block }
	for _, f := range a.small() {
		add(int64(len(f.content)))
	}
	for _, l := range a.layers {
		add(l.size)
	}
	a.Size += 2 * block
	return nil
}

type member struct {
	name    string
	content []byte
}

// small lists the members that are held in memory.
func (a *Archive) small() []member {
	members := []member{{"oci-layout", []byte(ociLayout)}, {"index.json", a.index}, {"manifest.json", a.docker}}
	for _, b := range a.blobs {
		members = append(members, member{blobPath(b.digest), b.content})
	}
	return members
}

// WriteTo writes a tar that is both an OCI layout (for containerd) and a
// Docker archive (for docker load). Layers are streamed from the binaries.
// It may be called again; it fails when a binary has changed meanwhile.
func (a *Archive) WriteTo(w io.Writer) (int64, error) {
	count := &counter{w: w}
	buffered := bufio.NewWriterSize(count, 1<<20)
	err := a.write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return count.n, fmt.Errorf("writing the image archive: %w", err)
	}
	return count.n, nil
}

func (a *Archive) write(w io.Writer) error {
	t := tar.NewWriter(w)
	header := func(name string, size int64) error {
		return t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR})
	}
	for _, f := range a.small() {
		if err := header(f.name, int64(len(f.content))); err != nil {
			return err
		}
		if _, err := t.Write(f.content); err != nil {
			return err
		}
	}
	for _, l := range a.layers {
		if err := header(blobPath(l.digest), l.size); err != nil {
			return err
		}
		if err := l.write(t); err != nil {
			return err
		}
	}
	return t.Close()
}
