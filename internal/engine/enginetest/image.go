package enginetest

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/proc"
)

// Web opens an archive with one image, of the web service of the labapp in bin:
// what Options.Image wants.
func Web(bin string) func(context.Context) (io.ReadCloser, string, error) {
	return func(ctx context.Context) (io.ReadCloser, string, error) {
		const ref, inside = "labctl.dev/web:v1", "/bin/labapp"
		binary := filepath.Join(bin, "labapp")
		names, err := proc.Command{Path: binary, Args: []string{"--list"}}.Output(ctx)
		if err != nil {
			return nil, "", err
		}
		archive, err := image.Assembler{}.Assemble(image.Spec{
			Ref: ref, Files: map[string]string{inside: binary}, Links: image.Links(inside, strings.Fields(string(names))),
			Entrypoint: []string{"/bin/web"},
		})
		if err != nil {
			return nil, "", err
		}
		r, w := io.Pipe()
		go func() {
			_, err := archive.WriteTo(w)
			w.CloseWithError(err)
		}()
		return r, ref, nil
	}
}
