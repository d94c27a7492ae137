//go:build linux

// Package applet holds the small programs that labinit doubles as inside a
// node, so that the node needs nothing of the host: mount and umount as kubelet
// calls them, the OCI runtime that containerd calls, and the process that holds
// a pod's namespaces.
package applet

import "path/filepath"

// Named returns the applet that a program called by this name is, or nil. An
// applet takes the arguments after its name and returns the exit code.
func Named(argv0 string) func(args []string) int {
	switch filepath.Base(argv0) {
	case "mount":
		return Mount
	case "umount":
		return Umount
	case "labrunc", "runc":
		return Runtime
	case "iptables":
		return IPTables
	case "docker-init":
		return Init
	case "pause":
		return Pause
	}
	return nil
}
