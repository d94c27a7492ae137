//go:build e2e && linux

package enginetest_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/embedded"
	"labctl.dev/labctl/internal/engine/enginetest"
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
		New: newEngine, Bin: bin(), Timeout: 2 * time.Minute, Image: enginetest.Web(bin()),
		Moments: []time.Duration{0, 100 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second, 4 * time.Second},
	})
}
