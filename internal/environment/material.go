package environment

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/apply/manifest"
	"labctl.dev/labctl/internal/lab"
)

// Material is what an environment is made of, taken from its lab with the
// parameters filled in.
type Material struct {
	Lab     *lab.Lab
	Objects []unstructured.Unstructured
	Files   []File
	// Images opens the archive of the lab's images, for a processor architecture
	// (amd64, arm64); nil if it has none.
	Images func(arch string) (Archive, error)
}

// newMaterial reads manifests and workspace of a lab.
func newMaterial(r *lab.Resolved, bin, cache string) (Material, error) {
	m := Material{Lab: r.Lab}
	if r.Needs.Cluster != nil || len(r.Needs.Components) > 0 {
		m.Images = imagesOf(r, bin, cache)
	}
	var err error
	if m.Objects, err = objectsOf(r); err != nil {
		return m, err
	}
	m.Files, err = filesOf(r)
	return m, err
}

// objectsOf reads manifests/ in the order of the files' names.
func objectsOf(r *lab.Resolved) ([]unstructured.Unstructured, error) {
	var objects []unstructured.Unstructured
	err := walk(r, "manifests", func(name string, _ fs.DirEntry) error {
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
			return nil
		}
		text, err := expanded(r, name)
		if err != nil {
			return err
		}
		found, err := manifest.Parse(r.Source.Name(name), text)
		objects = append(objects, found...)
		return err
	})
	return objects, err
}

// filesOf reads workspace/. Files named *.tmpl are filled in and lose that.
func filesOf(r *lab.Resolved) ([]File, error) {
	var files []File
	err := walk(r, "workspace", func(name string, d fs.DirEntry) error {
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := r.Source.Read(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".tmpl") {
			if data, err = expanded(r, name); err != nil {
				return err
			}
			name = strings.TrimSuffix(name, ".tmpl")
		}
		rel := strings.TrimPrefix(name, "workspace/")
		files = append(files, File{Path: rel, Data: data, Mode: info.Mode().Perm() | 0o644})
		return nil
	})
	return files, err
}

func walk(r *lab.Resolved, dir string, file func(string, fs.DirEntry) error) error {
	return fs.WalkDir(r.Source.FS, dir, func(name string, d fs.DirEntry, err error) error {
		if name == dir && errors.Is(err, fs.ErrNotExist) {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return err
		}
		if err := file(name, d); err != nil {
			return fmt.Errorf("%s: %w", r.Source.Name(name), err)
		}
		return nil
	})
}

func expanded(r *lab.Resolved, name string) ([]byte, error) {
	data, err := r.Source.Read(name)
	if err != nil {
		return nil, err
	}
	text, err := lab.Expand(string(bytes.TrimPrefix(data, []byte("\ufeff"))), r.Values)
	return []byte(text), err
}
