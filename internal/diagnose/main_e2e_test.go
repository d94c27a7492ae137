//go:build e2e && linux

package diagnose

import (
	"context"
	"os"
	"testing"

	"labctl.dev/labctl/internal/engine/embedded/embeddedtest"
)

func TestMain(m *testing.M) {
	os.Exit(embeddedtest.Main(context.Background(), m.Run, "diagnose",
		embeddedtest.Image("labctl.dev/web:v1", "web", "v1"),
		embeddedtest.Image("labctl.dev/web:v2", "web", "v2")))
}
