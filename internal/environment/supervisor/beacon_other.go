//go:build !linux

package supervisor

import (
	"net"

	"labctl.dev/labctl/internal/engine"
)

// beacon is not needed: no engine here leaves anything that is found without
// its state directory.
func beacon(engine.ID) (net.Listener, error) { return nil, nil }

// Owned is not asked, see beacon.
func Owned(engine.Resource) bool { return false }
