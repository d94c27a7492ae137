//go:build linux

package initd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/node"
)

// secondStage marks labinit started again, in namespaces that are all its own.
const secondStage = "LABINIT_SECOND_STAGE"

// What of the host the second stage still needs, it inherits open: it may not
// have the same root.
const (
	dataFD = 20 + iota
	pkiFD
	binFD
	caFD
	firstBindFD // and one for each of the node's binds
)

// firstStage enters the node's cgroups, makes them the root of a cgroup
// namespace, leaves the chroot that labctl may run in, and starts labinit
// again. Namespaces and roots belong to threads; only by a new start do all of
// labinit's threads share them.
func firstStage(cfg node.Config) error {
	if err := enterCgroups(cfg.Cgroups); err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := openHost(cfg); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("make a cgroup namespace (the kernel needs CONFIG_CGROUPS, version 4.6 or later): %w", err)
	}
	if err := leaveChroot(); err != nil {
		return err
	}
	err := syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), secondStage+"=1"))
	return fmt.Errorf("start labinit in its cgroup: %w", err)
}

// openHost opens what the node shares with the host.
func openHost(cfg node.Config) error {
	paths := map[int]string{dataFD: cfg.Data, pkiFD: cfg.PKI, binFD: cfg.Bin, caFD: cfg.CAFile}
	for i, path := range cfg.Binds {
		paths[firstBindFD+i] = path
	}
	for fd, path := range paths {
		if path == "" {
			continue
		}
		opened, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return &fs.PathError{Op: "open", Path: path, Err: err}
		}
		if err := unix.Dup3(opened, fd, 0); err != nil {
			return fmt.Errorf("keep %s open: %w", path, err)
		}
	}
	return nil
}

// leaveChroot gives the calling thread, which has to be locked, the root of its
// mount namespace. What runs in a chroot cannot change the namespace's root
// otherwise, and containers would find their way to the host's.
func leaveChroot() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare the root (labctl needs CAP_SYS_ADMIN; run it as root): %w", err)
	}
	fd, err := unix.Open("/proc/thread-self/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("find the mount namespace (in a chroot, mount /proc): %w", err)
	}
	return errors.Join(unix.Setns(fd, unix.CLONE_NEWNS), unix.Close(fd))
}
