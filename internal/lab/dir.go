package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenDir is a directory as a file system that symbolic links cannot leave, and
// in which only files and directories open: a pipe would be waited for.
func OpenDir(dir string) (fs.FS, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a directory; give the directory that holds lab.yaml")
	}
	if err != nil {
		return nil, fmt.Errorf("open the lab %s: %w", dir, err)
	}
	return rooted(dir), nil
}

type rooted string

func (r rooted) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	root, err := os.OpenRoot(string(r))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read from
	name = filepath.FromSlash(name)
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is neither a file nor a directory")}
	}
	return root.Open(name)
}
