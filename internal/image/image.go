// Package image assembles container images from local static binaries,
// without a Dockerfile, a daemon or a registry.
//
// All images with the same files share one uncompressed layer, so a lab's
// images together are little more than one copy of the binary, and loading
// them costs one unpacking. The layer is never held in memory or on disk: its
// digest is computed once (and remembered by the files' identity) and its
// bytes are streamed from the binaries when the archive is written.
//
//	archive, err := image.Assembler{CacheDir: dir}.Assemble(
//		image.Spec{Ref: "labctl.dev/web:v1", Files: map[string]string{"/bin/labapp": "bin/labapp"},
//			Links: image.Links("/bin/labapp", names.All()), Entrypoint: []string{"/bin/web"}})
//	_, err = archive.WriteTo(w) // archive.Size bytes
package image

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Spec says what an image is made of.
type Spec struct {
	// Ref is the full name: "labctl.dev/web:v1".
	Ref string
	// Files maps absolute paths in the image to static binaries on this
	// machine. They get mode 0755. All must be for one architecture, which
	// becomes the image's.
	Files map[string]string
	// Links maps absolute paths in the image to symbolic link targets.
	Links map[string]string

	Entrypoint, Cmd []string
	Env             []string // "NAME=value"; PATH is added when missing
	User            string   // "1000:1000"; "" is root
	WorkingDir      string   // "" is /
	Labels          map[string]string
	ExposedPorts    []string // "8080/tcp"
}

// Links returns links named as the applets beside the binary they lead to.
func Links(binary string, applets []string) map[string]string {
	links := map[string]string{}
	for _, name := range applets {
		links[path.Join(path.Dir(binary), name)] = path.Base(binary)
	}
	return links
}

func (s *Spec) validate() error {
	if !regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]*$`).MatchString(s.Ref) {
		return fmt.Errorf("image reference %q: want HOST/NAME:TAG, such as labctl.dev/web:v1", s.Ref)
	}
	if len(s.Files) == 0 {
		return fmt.Errorf("image %s has no files", s.Ref)
	}
	for _, name := range append(slices.Collect(maps.Keys(s.Files)), slices.Collect(maps.Keys(s.Links))...) {
		if !path.IsAbs(name) || path.Clean(name) != name || name == "/" {
			return fmt.Errorf("image %s: path %q must be absolute and clean", s.Ref, name)
		}
	}
	return nil
}

// env returns the environment with a PATH.
func (s *Spec) env() []string {
	for _, line := range s.Env {
		if strings.HasPrefix(line, "PATH=") {
			return s.Env
		}
	}
	return append([]string{"PATH=/bin"}, s.Env...)
}
