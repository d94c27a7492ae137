package image

import (
	"archive/tar"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"labctl.dev/labctl/internal/release"
)

// layer is the one layer of an image: a plan from which its tar stream can
// be written again and again, always the same bytes.
type layer struct {
	entries []entry
	arch    string
	digest  v1.Hash // of the uncompressed stream, which is also the diff ID
	size    int64
}

// entry is one member: either with content here, or with a file's.
type entry struct {
	header  tar.Header
	content string
	source  *source
}

// planLayer lists what goes into the layer of a spec, sorted by path.
func planLayer(files, links map[string]string) (*layer, error) {
	l := &layer{}
	all := map[string]entry{}
	for _, e := range skeleton() {
		all[e.header.Name] = e
	}
	for name, local := range files {
		src, err := openSource(local)
		if err != nil {
			return nil, err
		}
		if l.arch != "" && l.arch != src.arch {
			return nil, fmt.Errorf("%s is for %s, other files are for %s", local, src.arch, l.arch)
		}
		l.arch = src.arch
		name = strings.TrimPrefix(name, "/")
		all[name] = entry{header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: src.size}, source: src}
	}
	for name, target := range links {
		name = strings.TrimPrefix(name, "/")
		all[name] = entry{header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
	}
	for name := range maps.Clone(all) {
		addParents(all, name)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := all[name]
		// The same bytes whenever and wherever the image is made.
		e.header.ModTime, e.header.Format = time.Unix(0, 0), tar.FormatUSTAR
		l.entries = append(l.entries, e)
	}
	return l, nil
}

func addParents(all map[string]entry, name string) {
	for dir := path.Dir(strings.TrimSuffix(name, "/")); dir != "."; dir = path.Dir(dir) {
		if _, ok := all[dir+"/"]; !ok {
			all[dir+"/"] = directory(dir, 0o755)
		}
	}
}

// skeleton is what every image has: users with names, a writable /tmp, and
// the directories a runtime mounts on, so that a read-only root works.
func skeleton() []entry {
	file := func(name, content string) entry {
		return entry{header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}, content: content}
	}
	return []entry{
		directory("bin", 0o755), directory("dev", 0o755), directory("etc", 0o755), directory("home", 0o755), directory("proc", 0o755),
		directory("root", 0o700), directory("run", 0o755), directory("sys", 0o755), directory("tmp", 0o1777), directory("var", 0o755),
		file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"),
		file("etc/group", "root:x:0:\napp:x:1000:\nnobody:x:65534:\n"),
		file("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"), // a runtime mounts its own over it
		file("etc/nsswitch.conf", "hosts: files dns\n"),
	}
}

func directory(name string, mode int64) entry {
	return entry{header: tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode}}
}

// write streams the layer.
func (l *layer) write(w io.Writer) error {
	t := tar.NewWriter(w)
	for _, e := range l.entries {
		if err := t.WriteHeader(&e.header); err != nil {
			return err
		}
		var err error
		if e.source != nil {
			err = e.source.copyTo(t)
		} else {
			_, err = io.WriteString(t, e.content)
		}
		if err != nil {
			return err
		}
	}
	return t.Close()
}

// source is a binary on this machine, as it was when first looked at.
type source struct {
	path string
	arch string
	size int64
	info os.FileInfo
}

func openSource(name string) (*source, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("a binary of the image is missing: %w: %s", err, release.Restore("build"))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	arch, err := architecture(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &source{path: name, arch: arch, size: info.Size(), info: info}, nil
}

// copyTo refuses a file that is no longer the one whose digest is known.
func (s *source) copyTo(w io.Writer) error {
	file, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer file.Close()
	now, err := file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(now, s.info) || now.Size() != s.size || !now.ModTime().Equal(s.info.ModTime()) {
		return fmt.Errorf("%s changed while its image was made: try again", s.path)
	}
	_, err = io.CopyN(w, file, s.size)
	return err
}

// architecture reads an ELF header as far as the machine's number.
func architecture(r io.ReaderAt) (string, error) {
	header := make([]byte, 20)
	if _, err := r.ReadAt(header, 0); err != nil || string(header[:4]) != "\x7fELF" {
		return "", fmt.Errorf("not a Linux program")
	}
	switch machine := uint16(header[18]) | uint16(header[19])<<8; machine {
	case 0x3e:
		return "amd64", nil
	case 0xb7:
		return "arm64", nil
	default:
		return "", fmt.Errorf("for a machine (%#x) that is neither amd64 nor arm64", machine)
	}
}
