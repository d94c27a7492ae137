//go:build e2e && linux

package check

import (
	"context"
	"os"
	"testing"

	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/engine/embedded/embeddedtest"
)

func TestMain(m *testing.M) {
	os.Exit(embeddedtest.Main(context.Background(), m.Run, "check",
		embeddedtest.Image("labctl.dev/web:v1", "web", "v1"),
		embeddedtest.Image("labctl.dev/web:v2", "web", "v2"),
		embeddedtest.Image(prober.Image, "prober", "1")))
}
