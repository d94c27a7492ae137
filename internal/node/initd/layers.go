//go:build linux

package initd

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// layers is how containerd can stack image layers.
type layers struct {
	Snapshotter string
	// Options are for each mount of a stack.
	Options string
}

// tryLayers finds out what the kernel can do in dir. Volatile overlays spare
// every container the wait until what it leaves behind is on disk. Where the
// host's own file system is an overlay (in a container), the kernel refuses to
// stack another upon it, and layers have to be copied.
func tryLayers(dir string) layers {
	for _, options := range []string{"volatile", ""} {
		if tryOverlay(filepath.Join(dir, ".overlay"), options) {
			return layers{Snapshotter: "overlayfs", Options: options}
		}
	}
	return layers{Snapshotter: "native"}
}

func tryOverlay(trial, options string) bool {
	defer func() { _ = os.RemoveAll(trial) }()
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		if err := os.MkdirAll(filepath.Join(trial, d), 0o700); err != nil {
			return false
		}
	}
	merged := filepath.Join(trial, "merged")
	stack := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", trial)
	if options != "" {
		stack += "," + options
	}
	if err := unix.Mount("overlay", merged, "overlay", 0, stack); err != nil {
		return false
	}
	return unix.Unmount(merged, unix.MNT_DETACH) == nil
}
