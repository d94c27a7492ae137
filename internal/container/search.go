package container

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Hit is a place in an image where a text stands.
type Hit struct {
	// Layer counts from 0, the lowest; -1 is the image's configuration, in which
	// its history stands as well.
	Layer int `json:"layer"`
	// Path of the file; empty in the configuration.
	Path string `json:"path"`
}

const (
	// maxHits bounds what Search returns.
	maxHits = 20
	// searchTime bounds a search: an image may be as large as the learner likes.
	searchTime = 2 * time.Minute
)

// Search looks for texts everywhere in an image: in each file of each layer,
// also in files that later layers delete, in their names, and in the image's
// configuration and what a build has attached to it. It returns the places of each
// text. The image passes through and is kept nowhere.
func (c *Client) Search(ctx context.Context, image string, texts []string) (map[string][]Hit, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, searchTime, fmt.Errorf("it takes longer than %s", searchTime))
	defer cancel()
	saved, err := c.API.ImageSave(ctx, []string{image})
	if err != nil {
		return nil, fmt.Errorf("save the image %s: %w", image, err)
	}
	defer func() { _ = saved.Close() }() // only read
	hits, err := searchAll(saved, texts)
	if err != nil {
		return nil, fmt.Errorf("look through the image %s: %w", image, errors.Join(context.Cause(ctx), err))
	}
	return hits, nil
}

// searchAll looks through a saved image for each text at the same time.
func searchAll(saved io.Reader, texts []string) (map[string][]Hit, error) {
	found := map[string][]Hit{}
	var (
		mu    sync.Mutex
		group errgroup.Group
		all   []io.Writer
		ends  []*io.PipeWriter
	)
	for _, text := range texts {
		r, w := io.Pipe()
		all, ends = append(all, w), append(ends, w)
		group.Go(func() error {
			hits, err := search(r, text)
			_, rest := io.Copy(io.Discard, r) // the others read on
			mu.Lock()
			defer mu.Unlock()
			found[text] = hits
			return cmp.Or(err, rest)
		})
	}
	_, err := io.Copy(io.MultiWriter(all...), saved)
	for _, w := range ends {
		w.CloseWithError(err) // nil is the end
	}
	return found, cmp.Or(err, group.Wait())
}

// search looks through a saved image.
func search(saved io.Reader, text string) ([]Hit, error) {
	a, err := readArchive(saved, text)
	if err != nil {
		return nil, err
	}
	if len(a.manifests) != 1 {
		return nil, fmt.Errorf("the archive holds %d images", len(a.manifests))
	}
	hits := []Hit{}
	if a.inConfig {
		hits = append(hits, Hit{Layer: -1})
	}
	for i, name := range a.manifests[0].Layers {
		paths, there := a.layer(name)
		if !there {
			return nil, fmt.Errorf("the archive has no layer %d, %s", i, name)
		}
		for _, path := range paths {
			hits = append(hits, Hit{Layer: i, Path: path})
		}
	}
	return hits[:min(len(hits), maxHits)], nil
}

// inJSON looks for a text in a JSON document, however JSON writes it.
func inJSON(document []byte, text string) bool {
	if bytes.Contains(document, []byte(text)) {
		return true
	}
	var v any
	return json.Unmarshal(document, &v) == nil && inValue(v, text)
}

func inValue(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, text)
	case []any:
		for _, item := range v {
			if inValue(item, text) {
				return true
			}
		}
	case map[string]any:
		for key, item := range v {
			if strings.Contains(key, text) || inValue(item, text) {
				return true
			}
		}
	}
	return false
}

// searchTar returns the files of an archive that hold the text, or are named so, as
// many as are ever told.
func searchTar(r io.Reader, text string) (paths []string, err error) {
	archive := tar.NewReader(r)
	for len(paths) < maxHits {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
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
			paths = append(paths, "/"+strings.TrimPrefix(strings.TrimPrefix(header.Name, "./"), "/"))
		}
	}
	return paths, nil
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
