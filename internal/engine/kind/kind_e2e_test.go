//go:build e2e && linux

package kind_test

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
	"labctl.dev/labctl/internal/engine/enginetest"
	"labctl.dev/labctl/internal/engine/kind"
	"labctl.dev/labctl/internal/image"
	"labctl.dev/labctl/internal/proc"
)

func newEngine() engine.Engine {
	return kind.New(kind.Config{Log: slog.New(slog.DiscardHandler), Bin: os.Getenv("LABCTL_BIN"), Getenv: os.Getenv})
}

func TestMain(m *testing.M) { enginetest.Main(m, newEngine) }

// TestKind needs a Docker Engine that containers may be privileged on:
// internal/tools/withdocker.sh brings one.
func TestKind(t *testing.T) {
	enginetest.Run(t, enginetest.Options{
		New: newEngine, Bin: os.Getenv("LABCTL_BIN"), Timeout: 4 * time.Minute, Image: web,
		Moments: []time.Duration{0, 200 * time.Millisecond, 2 * time.Second, 6 * time.Second},
	})
}

// web is an image of labapp's web service.
func web(ctx context.Context) (io.ReadCloser, string, error) {
	const ref, inside = "labctl.dev/web:v1", "/bin/labapp"
	binary := filepath.Join(os.Getenv("LABCTL_BIN"), "labapp")
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
