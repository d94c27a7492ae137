package lab

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/lab/nearest"
)

// Catalogue is a directory of labs: each directory in it with a lab.yaml.
type Catalogue struct{ FS fs.FS }

// UnknownError says that the catalogue has no such lab.
type UnknownError struct {
	Name string
	// Nearest is the name that was perhaps meant, or "".
	Nearest string
}

func (e *UnknownError) Error() string {
	if e.Nearest != "" {
		return fmt.Sprintf("there is no lab %q; did you mean %q?", e.Name, e.Nearest)
	}
	return fmt.Sprintf("there is no lab %q; `labctl list` shows the labs, and a path such as ./%s names one of your own", e.Name, e.Name)
}

// Names lists the labs, sorted.
func (c Catalogue) Names() ([]string, error) {
	files, err := fs.Glob(c.FS, "*/"+File)
	if err != nil {
		return nil, fmt.Errorf("list the labs: %w", err)
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i], _, _ = strings.Cut(file, "/")
	}
	slices.Sort(names)
	return names, nil
}

// IsPath tells a lab given by its directory (./my-lab, /labs/mine, .) from one
// of the catalogue.
func IsPath(ref string) bool {
	return ref == "." || ref == ".." || strings.ContainsRune(ref, '/') || strings.ContainsRune(ref, filepath.Separator)
}

// Load loads a lab by its name. Besides a *UnknownError, errors are Problems.
func (c Catalogue) Load(name string) (*Source, error) {
	source, problems, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return source, nil
}

// Open is Load for who wants the problems of a lab that cannot be used, too.
func (c Catalogue) Open(name string) (*Source, Problems, error) {
	dir, err := fs.Sub(c.FS, name)
	if err == nil {
		_, err = fs.Stat(dir, File)
	}
	if err != nil {
		return nil, nil, c.unknown(name)
	}
	source, problems := Load(dir, "labs/"+name)
	return source, problems, nil
}

func (c Catalogue) unknown(name string) error {
	names, err := c.Names()
	if err != nil {
		return err
	}
	return &UnknownError{Name: name, Nearest: nearest.Name(name, names)}
}
