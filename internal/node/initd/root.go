//go:build linux

package initd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/node"
)

// newRoot is where the node's root is built: on top of a directory that every
// host has and has mounted.
const newRoot = "/proc"

// Where labctl's binaries are in the node. /bin links to them one by one, as
// it holds labinit's other names, too.
const binDir = "/opt/labctl/bin"

// enterRoot builds the node's root on a tmpfs and moves into it. Of the host
// nothing stays visible but what is bound here.
func enterRoot(cfg node.Config) error {
	// From here on no mount of ours reaches the host.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private (labctl needs CAP_SYS_ADMIN; run it as root): %w", err)
	}
	if err := mountAt("tmpfs", newRoot, 0, "mode=755"); err != nil {
		return err
	}
	if err := fillRoot(newRoot, cfg); err != nil {
		return err
	}
	if err := pivot(newRoot); err != nil {
		return err
	}
	if err := mountKernel(); err != nil {
		return err
	}
	if err := linkBinaries(cfg.Role); err != nil {
		return err
	}
	// Mounts made by kubelet have to reach the containers that ask for it.
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}

// fillRoot makes the directories of the node's root and binds those that the
// node shares with the host.
func fillRoot(root string, cfg node.Config) error {
	for _, dir := range []string{"bin", "dev", "etc/ssl/certs", "proc", "root", "run", "sys", "var/lib", "var/log"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return fmt.Errorf("make the node's root: %w", err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		return fmt.Errorf("make the node's root: %w", err)
	}
	if err := bindOpen(dataFD, filepath.Join(root, "node"), 0); err != nil {
		return err
	}
	if cfg.PKI != "" {
		if err := bindOpen(pkiFD, filepath.Join(root, "node/pki"), 0); err != nil {
			return err
		}
	}
	for i, dir := range cfg.Binds {
		if err := bindOpen(firstBindFD+i, filepath.Join(root, dir), 0); err != nil {
			return err
		}
	}
	if err := bindOpen(binFD, filepath.Join(root, binDir), unix.MS_RDONLY); err != nil {
		return err
	}
	return copyAuthorities(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
}

// copyAuthorities copies the host's certificate authorities, if it has any.
func copyAuthorities(target string) error {
	source := os.NewFile(caFD, "certificate authorities")
	defer source.Close()
	data, err := io.ReadAll(source)
	if errors.Is(err, unix.EBADF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the host's certificate authorities: %w", err)
	}
	return os.WriteFile(target, data, 0o644)
}

// bindOpen shows a directory that is open at target.
func bindOpen(fd int, target string, flags uintptr) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("make the mount point %s: %w", target, err)
	}
	if err := unix.Fchdir(fd); err != nil {
		return fmt.Errorf("find what belongs at %s: %w", target, err)
	}
	if err := bind(".", target, flags); err != nil {
		return err
	}
	return os.Chdir("/")
}

// bind shows source at target. The kernel takes flags such as read-only only
// in a second step.
func bind(source, target string, flags uintptr) error {
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind the node's %s: %w", target, err)
	}
	if flags == 0 {
		return nil
	}
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""); err != nil {
		return fmt.Errorf("restrict the node's %s: %w", target, err)
	}
	return nil
}

// pivot makes root the root of the mount namespace and lets go of the old one.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("enter the node's root: %w", err)
	}
	// The old root lands on top of the new one, whence it is taken off.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("change the node's root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the host's root: %w", err)
	}
	return os.Chdir("/")
}

// linkBinaries fills /bin: a link to each of labctl's binaries, and the other
// names of labinit.
func linkBinaries(role node.Role) error {
	applets := []string{"mount", "umount", "labrunc"}
	if role == node.Docker {
		applets = []string{"mount", "umount", "runc", "iptables", "docker-init"}
	}
	entries, err := os.ReadDir(binDir)
	if err != nil {
		return fmt.Errorf("list labctl's binaries: %w", err)
	}
	for _, e := range entries {
		if slices.Contains(applets, e.Name()) {
			continue // labinit stands before it
		}
		if err := os.Symlink(filepath.Join(binDir, e.Name()), filepath.Join("/bin", e.Name())); err != nil {
			return fmt.Errorf("fill /bin: %w", err)
		}
	}
	for _, name := range applets {
		if err := os.Symlink(filepath.Join(binDir, "labinit"), filepath.Join("/bin", name)); err != nil {
			return fmt.Errorf("fill /bin: %w", err)
		}
	}
	return nil
}
