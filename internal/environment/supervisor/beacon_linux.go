package supervisor

import (
	"errors"
	"fmt"
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

// Owned says whether a living process on this machine owns a resource: the
// supervisor of its cluster, or whatever else started the process.
func Owned(r engine.Resource) bool { return lit(r.ID) || r.Kind == "process" && hasParent(r.Name) }

// lit says whether the beacon of a cluster is lit.
func lit(id engine.ID) bool {
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

// hasParent says whether the process that started pid still lives: an orphan
// belongs to the machine's first process or to a session's systemd.
func hasParent(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return false
	}
	parent := 0
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "PPid: %d", &parent); n == 1 {
			break
		}
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	return err == nil && parent > 1 && strings.TrimSpace(string(name)) != "systemd"
}
