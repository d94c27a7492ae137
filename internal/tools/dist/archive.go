package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
)

// file is one file of an archive: a copy of the one at path, or text.
type file struct {
	name string // with slashes, below the top directory
	mode fs.FileMode
	path string
	text []byte
}

func (f file) open() (io.ReadCloser, int64, error) {
	if f.path == "" {
		return io.NopCloser(bytes.NewReader(f.text)), int64(len(f.text)), nil
	}
	r, err := os.Open(f.path)
	if err != nil {
		return nil, 0, err
	}
	info, err := r.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, r.Close())
	}
	return r, info.Size(), nil
}

// archive is what is to be packed, with one directory at its top.
type archive struct {
	top   string
	files []file
	time  time.Time // of every file
}

// write packs the archive into a directory, as the operating system's users expect
// it, and returns its path. What is at the path is complete.
func (a archive) write(dir, goos string) (written string, err error) {
	slices.SortFunc(a.files, func(x, y file) int { return cmp.Compare(x.name, y.name) })
	ending, pack := ".tar.gz", a.tar
	if goos == "windows" {
		ending, pack = ".zip", a.zip
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	out, err := os.CreateTemp(dir, ".part-")
	if err != nil {
		return "", err
	}
	defer os.Remove(out.Name()) // if it was not renamed
	written = filepath.Join(dir, a.top+ending)
	err = errors.Join(pack(out), out.Chmod(0o644), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), written)
	}
	return written, err
}

func (a archive) tar(w io.Writer) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.DefaultCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(compressed)
	for _, dir := range a.dirs() {
		header := tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: a.time, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(&header); err != nil {
			return err
		}
	}
	err = a.each(func(f file, content io.Reader, size int64) error {
		header := tar.Header{Typeflag: tar.TypeReg, Name: path.Join(a.top, f.name), Mode: int64(f.mode), Size: size, ModTime: a.time, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(&header); err != nil {
			return err
		}
		_, err := io.Copy(t, content)
		return err
	})
	return errors.Join(err, t.Close(), compressed.Close())
}

func (a archive) zip(w io.Writer) error {
	z := zip.NewWriter(w)
	err := a.each(func(f file, content io.Reader, _ int64) error {
		header := &zip.FileHeader{Name: path.Join(a.top, f.name), Method: zip.Deflate, Modified: a.time}
		header.SetMode(f.mode)
		member, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = io.Copy(member, content)
		return err
	})
	return errors.Join(err, z.Close())
}

// dirs lists the directories, each after the one it is in.
func (a archive) dirs() []string {
	var dirs []string
	for _, f := range a.files {
		for dir := path.Dir(path.Join(a.top, f.name)); dir != "."; dir = path.Dir(dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// each opens one file after the other.
func (a archive) each(do func(file, io.Reader, int64) error) error {
	for _, f := range a.files {
		content, size, err := f.open()
		if err != nil {
			return err
		}
		if err := errors.Join(do(f, content, size), content.Close()); err != nil {
			return err
		}
	}
	return nil
}
