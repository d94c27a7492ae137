//go:build linux

package initd

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The device numbers of /dev/net/tun.
const (
	tunMajor = 10
	tunMinor = 200
)

// mountKernel mounts what the kernel offers: proc, sys, devices.
func mountKernel() error {
	const guarded = unix.MS_NODEV | unix.MS_NOEXEC
	if err := mountAt("proc", "/proc", guarded, ""); err != nil {
		return err
	}
	if err := mountAt("sysfs", "/sys", guarded|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	if err := makeDevices(); err != nil {
		return err
	}
	return shieldTunables()
}

// makeDevices fills /dev with the few devices that every container expects,
// and those that kubelet and the network need.
func makeDevices() error {
	unix.Umask(0)
	defer unix.Umask(0o022)
	for _, d := range []struct {
		name         string
		major, minor uint32
		mode         uint32
	}{
		{"null", 1, 3, 0o666},
		{"zero", 1, 5, 0o666},
		{"full", 1, 7, 0o666},
		{"random", 1, 8, 0o666},
		{"urandom", 1, 9, 0o666},
		{"kmsg", 1, 11, 0o600},
		{"tty", 5, 0, 0o666},
		{"net/tun", tunMajor, tunMinor, 0o600},
	} {
		path := filepath.Join("/dev", d.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := unix.Mknod(path, unix.S_IFCHR|d.mode, int(unix.Mkdev(d.major, d.minor))); err != nil {
			return fmt.Errorf("make the device %s (labctl needs CAP_MKNOD; in a container, run that privileged): %w", path, err)
		}
	}
	for link, target := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, filepath.Join("/dev", link)); err != nil {
			return err
		}
	}
	if err := mountAt("devpts", "/dev/pts", unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"); err != nil {
		return err
	}
	if err := mountAt("tmpfs", "/dev/shm", unix.MS_NODEV, "mode=1777,size=64m"); err != nil {
		return err
	}
	return mountAt("mqueue", "/dev/mqueue", unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// shieldTunables puts files of our own over the kernel settings that kubelet
// insists on. They hold for the whole machine, so a lab must not change them;
// kubelet finds the values it wants, and what it writes stays here.
func shieldTunables() error {
	for name, value := range map[string]string{
		"vm/overcommit_memory":      "1",
		"vm/panic_on_oom":           "0",
		"kernel/panic":              "10",
		"kernel/panic_on_oops":      "1",
		"kernel/keys/root_maxkeys":  "1000000",
		"kernel/keys/root_maxbytes": "25000000",
	} {
		setting := filepath.Join("/proc/sys", name)
		if _, err := os.Stat(setting); err != nil {
			continue // a kernel without it
		}
		file := filepath.Join("/run/labinit", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := bind(file, setting, 0); err != nil {
			return err
		}
	}
	return nil
}
