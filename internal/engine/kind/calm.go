package kind

import (
	"context"
	"io"
	"time"

	"labctl.dev/labctl/internal/container"
)

// calmTime bounds calming a node; one that takes longer is ended all the same.
const calmTime = 4 * time.Second

// calming ends what freezes containers in a node, and thaws what is frozen. On
// cgroup v1 a frozen process survives SIGKILL: a node that is killed while its runc
// holds a container frozen never ends, and Docker cannot remove it
// (https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html).
const calming = `
[ -d /sys/fs/cgroup/freezer ] || exit 0
systemctl kill --signal KILL kubelet containerd
pkill -KILL -x runc
find /sys/fs/cgroup/freezer -name freezer.state | while read -r state; do echo THAWED >"$state"; done
`

// calm makes a node ready to be killed, as well as it can: one that does not run,
// or not yet, has nothing to calm.
func calm(ctx context.Context, docker *container.Client, name string) {
	ctx, cancel := context.WithTimeout(ctx, calmTime)
	defer cancel()
	_, _ = docker.Exec(ctx, name, []string{"sh", "-c", calming}, io.Discard, io.Discard) // killing it will tell what is wrong
}
