package environment

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/labapp/names"
)

// labapp is the program in every image, and where it is there.
const (
	labapp     = "labapp"
	labappPath = "/bin/labapp"
)

// imagesOf opens the archive of the lab's images and the checker's own. The
// layer's digest is remembered in cache.
func imagesOf(r *lab.Resolved, bin, cache string) func(arch string) (Archive, error) {
	return func(arch string) (Archive, error) {
		binary, links := labappFor(bin, arch), image.Links(labappPath, names.All())
		specs := []image.Spec{spec(check.ProberImage, "prober", binary, links)}
		for _, name := range slices.Sorted(maps.Keys(r.Images)) {
			i := r.Images[name]
			s := spec(i.Ref, i.App, binary, links)
			s.Entrypoint = append(s.Entrypoint, i.Args...)
			s.User = userAndGroup(i.User)
			for _, key := range slices.Sorted(maps.Keys(i.Env)) {
				s.Env = append(s.Env, key+"="+i.Env[key])
			}
			for _, port := range i.Ports {
				s.ExposedPorts = append(s.ExposedPorts, strconv.Itoa(port)+"/tcp")
			}
			specs = append(specs, s)
		}
		archive, err := image.Assembler{CacheDir: cache}.Assemble(specs...)
		if err != nil {
			return nil, err
		}
		if has := archive.Images[0].Architecture; has != arch {
			return nil, problem(CodeEngine, "Use a Docker Engine for "+has+", or labctl's release for "+arch+".", nil,
				"the lab's containers would run on %s, and %s is for %s", arch, binary, has)
		}
		return stream(archive), nil
	}
}

// labappFor finds the labapp of an architecture. Where labctl runs on Linux there is
// but one, for it; elsewhere one for each that the Linux beside it may have.
func labappFor(bin, arch string) string {
	foreign := filepath.Join(bin, labapp+"-linux-"+arch)
	if _, err := os.Stat(foreign); err == nil {
		return foreign
	}
	return filepath.Join(bin, labapp)
}

// helperImage is the checker's own image by what is in it, for a Docker Engine in
// which the learner may have removed it, or given its name to another one.
func helperImage(bin, cache string) func(context.Context) (container.Helper, error) {
	return func(context.Context) (container.Helper, error) {
		binary, links := labappFor(bin, runtime.GOARCH), image.Links(labappPath, names.All())
		archive, err := image.Assembler{CacheDir: cache}.Assemble(spec(check.ProberImage, "prober", binary, links))
		if err != nil {
			return container.Helper{}, err
		}
		return container.Helper{
			IDs: []string{archive.Images[0].Digest, archive.Images[0].Config}, Archive: archive, Resident: check.HelperProgram(),
		}, nil
	}
}

// userAndGroup completes a user by the group of the same number.
func userAndGroup(user string) string {
	if strings.Contains(user, ":") {
		return user
	}
	return user + ":" + user
}

func spec(ref, app, binary string, links map[string]string) image.Spec {
	return image.Spec{
		Ref: ref, Files: map[string]string{labappPath: binary}, Links: links,
		Entrypoint: []string{"/bin/" + app}, User: "65532:65532", WorkingDir: "/",
	}
}

// stream lets the archive be read as it is written.
func stream(archive *image.Archive) Archive {
	r, w := io.Pipe()
	go func() {
		_, err := archive.WriteTo(w)
		w.CloseWithError(err)
	}()
	return r
}
