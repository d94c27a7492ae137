package container

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Hit is a place in an image where a text stands.
type Hit struct {
	// Layer counts from 0, the lowest; -1 is the image's configuration, in which
	// its history stands as well.
	Layer int `json:"layer"`
	// Path of the file; empty in the configuration.
	Path string `json:"path"`
}

// maxHits bounds what Search returns.
const maxHits = 20

// Search looks for a text everywhere in an image: in each file of each layer,
// also in files that later layers delete, in their names and in the image's
// configuration. It keeps a copy of the image in a temporary file meanwhile.
func (c *Client) Search(ctx context.Context, image, text string) ([]Hit, error) {
	file, err := os.CreateTemp("", "labctl-image-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file for the image %s: %w", image, err)
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }() // a temporary file at worst
	saved, err := c.API.ImageSave(ctx, []string{image})
	if err != nil {
		return nil, fmt.Errorf("save the image %s: %w", image, err)
	}
	_, err = io.Copy(file, saved)
	if err = errors.Join(err, saved.Close()); err != nil {
		return nil, fmt.Errorf("save the image %s: %w", image, err)
	}
	hits, err := search(file, text)
	if err != nil {
		return nil, fmt.Errorf("look through the image %s: %w", image, err)
	}
	return hits, nil
}

// search looks through a saved image.
func search(file *os.File, text string) ([]Hit, error) {
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	m, err := a.manifest()
	if err != nil {
		return nil, err
	}
	config, err := a.read(m.Config)
	if err != nil {
		return nil, err
	}
	hits := []Hit{}
	if inJSON(config, text) {
		hits = append(hits, Hit{Layer: -1})
	}
	for i, name := range m.Layers {
		content, err := a.layer(name)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		paths, err := searchTar(content, text)
		if err = errors.Join(err, content.Close()); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		for _, path := range paths {
			hits = append(hits, Hit{Layer: i, Path: path})
		}
	}
	return hits[:min(len(hits), maxHits)], nil
}

// inJSON looks for a text in a JSON document, also as JSON writes it.
func inJSON(document []byte, text string) bool {
	quoted, err := json.Marshal(text)
	return bytes.Contains(document, []byte(text)) || err == nil && bytes.Contains(document, bytes.Trim(quoted, `"`))
}

// searchTar returns the files of an archive that hold the text, or are named so.
func searchTar(r io.Reader, text string) (paths []string, err error) {
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return paths, nil
		}
		if err != nil {
			return nil, err
		}
		found := strings.Contains(header.Name, text) || strings.Contains(header.Linkname, text)
		if !found {
			if found, err = holds(archive, []byte(text)); err != nil {
				return nil, err
			}
		}
		if found {
			paths = append(paths, "/"+strings.TrimPrefix(header.Name, "/"))
		}
	}
}

// holds reads to the first place where the text stands.
func holds(r io.Reader, text []byte) (bool, error) {
	buffer := make([]byte, 64<<10+len(text))
	kept := 0
	for {
		n, err := r.Read(buffer[kept:])
		if bytes.Contains(buffer[:kept+n], text) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		end := kept + n
		kept = min(end, len(text)-1) // what may be its beginning
		copy(buffer, buffer[end-kept:end])
	}
}
