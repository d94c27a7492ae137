package environment

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/proc"
)

// labapp is the program in every image, and where it is there.
const (
	labapp     = "labapp"
	labappPath = "/bin/labapp"
)

// imagesOf opens the archive of the lab's images and the checker's own. The
// layer's digest is remembered in cache.
func imagesOf(r *lab.Resolved, bin, cache string) func(context.Context) (Archive, error) {
	return func(ctx context.Context) (Archive, error) {
		binary := filepath.Join(bin, labapp)
		links, err := appletLinks(ctx, binary)
		if err != nil {
			return nil, err
		}
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
		return stream(archive), nil
	}
}

// appletLinks are the links by which labapp is called in an image.
func appletLinks(ctx context.Context, binary string) (map[string]string, error) {
	names, err := proc.Command{Path: binary, Args: []string{"--list"}}.Output(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its applets (run make build): %w", binary, err)
	}
	return image.Links(labappPath, strings.Fields(string(names))), nil
}

// helperImage is the checker's own image by what is in it, for a Docker Engine in
// which the learner may have removed it, or given its name to another one.
func helperImage(bin, cache string) func(context.Context) (container.Helper, error) {
	return func(ctx context.Context) (container.Helper, error) {
		binary := filepath.Join(bin, labapp)
		links, err := appletLinks(ctx, binary)
		if err != nil {
			return container.Helper{}, err
		}
		archive, err := image.Assembler{CacheDir: cache}.Assemble(spec(check.ProberImage, "prober", binary, links))
		if err != nil {
			return container.Helper{}, err
		}
		return container.Helper{IDs: []string{archive.Images[0].Digest, archive.Images[0].Config}, Archive: archive}, nil
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
