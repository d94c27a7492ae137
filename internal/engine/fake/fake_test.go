package fake_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/enginetest"
	"labctl.dev/labctl/internal/engine/fake"
	"labctl.dev/labctl/internal/ledger"
)

// newEngine makes fakes that share one machine, as engines of several processes
// do.
func newEngine() engine.Engine {
	return &fake.Engine{Root: filepath.Join(os.TempDir(), "labctl-fake-conformance"), Delay: 20 * time.Millisecond}
}

func TestMain(m *testing.M) { enginetest.Main(m, newEngine) }

func TestConformance(t *testing.T) {
	t.Cleanup(func() { _ = os.RemoveAll(newEngine().(*fake.Engine).Root) })
	enginetest.Run(t, enginetest.Options{
		New: newEngine, Timeout: 10 * time.Second,
		Moments: []time.Duration{0, 10 * time.Millisecond, 30 * time.Millisecond, 50 * time.Millisecond, time.Second},
	})
}

func TestAFailureIsRolledBack(t *testing.T) {
	broken := errors.New("broken")
	for _, phase := range []string{"network", "node", "api"} {
		t.Run(phase, func(t *testing.T) {
			dir := t.TempDir()
			e := &fake.Engine{Root: filepath.Join(dir, "root"), Fail: func(p string) error {
				if p == phase {
					return broken
				}
				return nil
			}}
			spec := engine.Spec{ID: "one", Dir: filepath.Join(dir, "engine"), Nodes: 1}
			_, err := e.Up(t.Context(), spec, ledger.At(filepath.Join(dir, "ledger")), engine.Quiet)
			if !errors.Is(err, broken) {
				t.Errorf("got %v, want the injected failure", err)
			}
			left, err := e.Leftovers(t.Context())
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
