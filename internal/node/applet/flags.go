//go:build linux

package applet

import "golang.org/x/sys/unix"

// setting returns the flags that a mount option sets.
func setting(option string) (uintptr, bool) {
	f, ok := map[string]uintptr{
		"bind":        unix.MS_BIND,
		"rbind":       unix.MS_BIND | unix.MS_REC,
		"remount":     unix.MS_REMOUNT,
		"ro":          unix.MS_RDONLY,
		"nosuid":      unix.MS_NOSUID,
		"nodev":       unix.MS_NODEV,
		"noexec":      unix.MS_NOEXEC,
		"sync":        unix.MS_SYNCHRONOUS,
		"dirsync":     unix.MS_DIRSYNC,
		"mand":        unix.MS_MANDLOCK,
		"noatime":     unix.MS_NOATIME,
		"nodiratime":  unix.MS_NODIRATIME,
		"relatime":    unix.MS_RELATIME,
		"strictatime": unix.MS_STRICTATIME,
		"silent":      unix.MS_SILENT,
	}[option]
	return f, ok
}

// clearing returns the flags that a mount option takes back.
func clearing(option string) (uintptr, bool) {
	f, ok := map[string]uintptr{
		"rw":         unix.MS_RDONLY,
		"suid":       unix.MS_NOSUID,
		"dev":        unix.MS_NODEV,
		"exec":       unix.MS_NOEXEC,
		"async":      unix.MS_SYNCHRONOUS,
		"nomand":     unix.MS_MANDLOCK,
		"atime":      unix.MS_NOATIME,
		"diratime":   unix.MS_NODIRATIME,
		"norelatime": unix.MS_RELATIME,
		"loud":       unix.MS_SILENT,
	}[option]
	return f, ok
}

// propagation returns what "shared", "rslave" and their like mean.
func propagation(option string) (uintptr, bool) {
	p, ok := map[string]uintptr{
		"shared":      unix.MS_SHARED,
		"slave":       unix.MS_SLAVE,
		"private":     unix.MS_PRIVATE,
		"unbindable":  unix.MS_UNBINDABLE,
		"rshared":     unix.MS_SHARED | unix.MS_REC,
		"rslave":      unix.MS_SLAVE | unix.MS_REC,
		"rprivate":    unix.MS_PRIVATE | unix.MS_REC,
		"runbindable": unix.MS_UNBINDABLE | unix.MS_REC,
	}[option]
	return p, ok
}

// detaching returns the flags of umount's options.
func detaching(option string) (int, bool) {
	f, ok := map[string]int{
		"-f": unix.MNT_FORCE, "--force": unix.MNT_FORCE,
		"-l": unix.MNT_DETACH, "--lazy": unix.MNT_DETACH,
		"-n": 0, "--no-mtab": 0, "-c": 0, "--no-canonicalize": 0, "--": 0,
	}[option]
	return f, ok
}
