package none_test

import (
	"testing"
	"time"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/enginetest"
	"labctl.dev/labctl/internal/engine/none"
)

func newEngine() engine.Engine { return none.Engine{} }

func TestMain(m *testing.M) { enginetest.Main(m, newEngine) }

func TestConformance(t *testing.T) {
	enginetest.Run(t, enginetest.Options{New: newEngine, Timeout: 10 * time.Second, Moments: []time.Duration{0, 50 * time.Millisecond}})
}
