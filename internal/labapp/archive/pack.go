package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

type packer struct {
	*options
	w *tar.Writer
}

func newPacker(o *options, w io.Writer) *packer { return &packer{o, tar.NewWriter(w)} }

// all packs every name. A file that cannot be read is reported; the archive
// is completed without it, as tar does.
func (k *packer) all(names []string) error {
	var failed error
	for _, name := range names {
		root := filepath.Clean(name)
		if !filepath.IsAbs(root) {
			root = filepath.Join(k.dir, root)
		}
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			below, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			return k.add(path, memberName(filepath.Join(name, below)))
		})
		if err != nil {
			failed = k.Errorf("%v", err)
		}
	}
	if err := k.w.Close(); err != nil {
		return err
	}
	return failed
}

// memberName is the name a path gets in the archive: without what would lead
// out of the directory it is unpacked in.
func memberName(path string) string {
	path = strings.TrimLeft(path, "/")
	for strings.HasPrefix(path, "../") {
		path = path[3:]
	}
	return path
}

func (k *packer) add(path, member string) error {
	stat := os.Lstat
	if k.follow {
		stat = os.Stat
	}
	info, err := stat(path)
	if err != nil {
		return err
	}
	target := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	if info.Mode()&fs.ModeSocket != 0 {
		return nil // tar has no sockets
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	header.Name = member
	if header.Name == "" {
		return nil // the root directory itself
	}
	if info.IsDir() {
		header.Name += "/"
	}
	if k.verbose {
		fmt.Fprintln(k.log, header.Name)
	}
	if !info.Mode().IsRegular() {
		return k.w.WriteHeader(header)
	}
	return k.content(path, header)
}

func (k *packer) content(path string, header *tar.Header) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := k.w.WriteHeader(header); err != nil {
		return err
	}
	// A file that grows while it is read is cut at the size promised, one
	// that shrinks is filled up with zeros.
	n, err := io.CopyN(k.w, file, header.Size)
	if errors.Is(err, io.EOF) {
		_, err = io.CopyN(k.w, zeros{}, header.Size-n)
	}
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
