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
	"syscall"
	"time"
)

type unpacker struct {
	*options
	only  []string
	dirs  []*tar.Header // their times and modes are set last
	umask fs.FileMode
}

func newUnpacker(o *options, only []string) *unpacker {
	umask := syscall.Umask(0) // the only way to read it is to set it
	syscall.Umask(umask)
	return &unpacker{options: o, only: only, umask: fs.FileMode(umask)}
}

func (u *unpacker) all(in io.Reader) error {
	r := tar.NewReader(in)
	for {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		if !u.wanted(header.Name) {
			continue
		}
		if u.list || u.verbose {
			fmt.Fprintln(u.log, header.Name)
		}
		if u.list {
			continue
		}
		if err := u.member(header, r); err != nil {
			return err
		}
	}
	for i := len(u.dirs) - 1; i >= 0; i-- {
		if err := u.finish(u.dirs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) wanted(name string) bool {
	if len(u.only) == 0 {
		return true
	}
	name = filepath.Clean(name)
	for _, only := range u.only {
		only = filepath.Clean(only)
		if name == only || strings.HasPrefix(name, only+"/") {
			return true
		}
	}
	return false
}

// member unpacks one member; its header's name becomes the path on disk.
func (u *unpacker) member(header *tar.Header, content io.Reader) error {
	parts := strings.Split(filepath.Clean("/" + header.Name)[1:], "/")
	if len(parts) <= u.strip {
		return nil
	}
	header.Name = filepath.Join(append([]string{u.dir}, parts[u.strip:]...)...)
	if err := os.MkdirAll(filepath.Dir(header.Name), 0o777); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if err := os.Mkdir(header.Name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		u.dirs = append(u.dirs, header)
		return nil
	case tar.TypeReg:
		if err := u.file(header, content); err != nil {
			return err
		}
		return u.finish(header)
	case tar.TypeSymlink:
		return u.replace(header.Name, func() error { return os.Symlink(header.Linkname, header.Name) })
	case tar.TypeLink:
		target := filepath.Join(u.dir, filepath.Clean("/"+header.Linkname))
		return u.replace(header.Name, func() error { return os.Link(target, header.Name) })
	}
	u.Errorf("%s: skipped, as devices and pipes are not unpacked", header.Name)
	return nil
}

func (u *unpacker) replace(path string, link func() error) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return link()
}

// file replaces what is there: writing through an old link would leave the
// directory, and a running program cannot be overwritten in place.
func (u *unpacker) file(header *tar.Header, content io.Reader) error {
	if info, err := os.Lstat(header.Name); err == nil && !info.IsDir() {
		if err := os.Remove(header.Name); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(header.Name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, fs.FileMode(header.Mode)&0o777)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, content); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// finish sets owner, permissions and time.
func (u *unpacker) finish(header *tar.Header) error {
	root := os.Geteuid() == 0
	if root && !u.noOwner {
		if err := os.Lchown(header.Name, header.Uid, header.Gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	mode := header.FileInfo().Mode()
	if u.noSamePermissions || !root && !u.samePermissions {
		mode = mode.Perm() &^ u.umask
	}
	if err := os.Chmod(header.Name, mode); err != nil {
		return err
	}
	when := header.ModTime
	if u.keepTimesOff {
		when = time.Now()
	}
	return os.Chtimes(header.Name, when, when)
}
