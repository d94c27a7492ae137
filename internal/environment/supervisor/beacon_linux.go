package supervisor

import (
	"errors"
	"net"
	"os"
	"strings"

	"labctl.dev/labctl/internal/engine"
)

// beacon is a socket without a file. It tells every labctl on the machine,
// whatever its user and its state directory, that the supervisor of a cluster
// lives; it vanishes with the process.
func beacon(id engine.ID) (net.Listener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: beaconName(id), Net: "unix"})
}

func beaconName(id engine.ID) string { return "@labctl/supervisor/" + string(id) }

// Alive says whether a supervisor on this machine owns the cluster.
func Alive(id engine.ID) bool {
	data, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) // when in doubt, it lives
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasSuffix(strings.TrimSpace(line), " "+beaconName(id)) {
			return true
		}
	}
	return false
}
