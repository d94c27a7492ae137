//go:build linux

package initd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/node"
)

const cgroupRoot = "/sys/fs/cgroup"

// enterCgroups moves this process into the node's cgroups.
func enterCgroups(cgroups []node.Cgroup) error {
	for _, c := range cgroups {
		if err := os.WriteFile(filepath.Join(c.Dir, "cgroup.procs"), []byte("0"), 0); err != nil {
			return fmt.Errorf("enter the cgroup %s: %w", c.Dir, err)
		}
	}
	return nil
}

// mountCgroups shows the node its own part of each hierarchy, laid out as on
// the host: version 2 alone, version 1 alone, or version 2 beside version 1.
func mountCgroups(cgroups []node.Cgroup) error {
	if len(cgroups) == 1 && cgroups[0].V1 == "" {
		if err := mountAt("cgroup2", cgroupRoot, 0, ""); err != nil {
			return err
		}
		return delegate(cgroupRoot)
	}
	if err := mountAt("tmpfs", cgroupRoot, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=755,size=64k"); err != nil {
		return err
	}
	for _, c := range cgroups {
		if err := mountHierarchy(c); err != nil {
			return err
		}
	}
	return nil
}

func mountHierarchy(c node.Cgroup) error {
	if c.V1 == "" {
		return mountAt("cgroup2", filepath.Join(cgroupRoot, "unified"), 0, "")
	}
	name := strings.TrimPrefix(c.V1, "name=")
	options := c.V1
	if name != c.V1 {
		options = "none," + options
	}
	if err := mountAt("cgroup", filepath.Join(cgroupRoot, name), 0, options); err != nil {
		return err
	}
	// Programs look for each controller under its own name.
	if controllers := strings.Split(name, ","); len(controllers) > 1 {
		for _, one := range controllers {
			if err := os.Symlink(name, filepath.Join(cgroupRoot, one)); err != nil {
				return err
			}
		}
	}
	return nil
}

// delegate hands the controllers of a version 2 cgroup down to its children.
// That is allowed only while the cgroup itself has no processes, so they move
// to a leaf first.
func delegate(root string) error {
	leaf := filepath.Join(root, "system")
	if err := os.Mkdir(leaf, 0o755); err != nil && !os.IsExist(err) {
		return fmt.Errorf("make the cgroup of the node's components: %w", err)
	}
	if err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte("0"), 0); err != nil {
		return fmt.Errorf("enter the cgroup of the node's components: %w", err)
	}
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("read the cgroup controllers: %w", err)
	}
	for c := range strings.FieldsSeq(string(controllers)) {
		if err := os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+c), 0); err != nil {
			return fmt.Errorf("delegate the cgroup controller %s: %w", c, err)
		}
	}
	return nil
}

func mountAt(kind, target string, flags uintptr, options string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("make the mount point %s: %w", target, err)
	}
	flags |= unix.MS_NOSUID
	if err := unix.Mount(kind, target, kind, flags, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, target, err)
	}
	return nil
}
