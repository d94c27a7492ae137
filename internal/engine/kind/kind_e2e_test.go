//go:build e2e && linux

package kind_test

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/enginetest"
	"labctl.dev/labctl/internal/engine/kind"
)

func newEngine() engine.Engine {
	return kind.New(kind.Config{Log: slog.New(slog.DiscardHandler), Bin: os.Getenv("LABCTL_BIN"), Getenv: os.Getenv})
}

func TestMain(m *testing.M) { enginetest.Main(m, newEngine) }

// TestKind needs a Docker Engine that containers may be privileged on:
// internal/tools/withdocker.sh brings one.
func TestKind(t *testing.T) {
	enginetest.Run(t, enginetest.Options{
		New: newEngine, Bin: os.Getenv("LABCTL_BIN"), Timeout: 4 * time.Minute, Image: enginetest.Web(os.Getenv("LABCTL_BIN")),
		Moments: []time.Duration{0, 200 * time.Millisecond, 2 * time.Second, 6 * time.Second},
	})
}

// A cluster of kind's that somebody else has made is not labctl's, even if they
// called it so.
func TestOthersClustersAreNotLeftovers(t *testing.T) {
	somebodys(t, usersDocker(t), "labctl-mine-control-plane", map[string]string{"io.x-k8s.kind.cluster": "labctl-mine"})
	left, err := newEngine().Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range left {
		if r.ID == "mine" {
			t.Errorf("taken for labctl's: %+v", r)
		}
	}
}
