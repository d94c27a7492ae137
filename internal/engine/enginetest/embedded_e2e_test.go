//go:build e2e && linux

package enginetest_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/embedded"
	"labctl.dev/labctl/internal/engine/enginetest"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/proc"
)

// bin is where `make build` puts the helper binaries.
func bin() string {
	if dir := os.Getenv("LABCTL_BIN"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs("../../../bin")
	if err != nil {
		panic(err)
	}
	return dir
}

func newEngine() engine.Engine {
	return embedded.New(embedded.Config{Log: slog.New(slog.DiscardHandler), Bin: bin(), Home: os.TempDir()})
}

func TestMain(m *testing.M) { enginetest.Main(m, newEngine) }

func TestEmbedded(t *testing.T) {
	enginetest.Run(t, enginetest.Options{
		New: newEngine, Bin: bin(), Timeout: 2 * time.Minute, Image: web,
		Moments: []time.Duration{0, 100 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second, 4 * time.Second},
	})
}

// web is an image of labapp's web service.
func web(ctx context.Context) (io.ReadCloser, string, error) {
	const ref, inside = "labctl.dev/web:v1", "/bin/labapp"
	binary := filepath.Join(bin(), "labapp")
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
