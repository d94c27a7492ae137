//go:build linux

package applet

import (
	"os"
	"os/signal"
	"syscall"
)

// Pause holds a pod's namespaces until it is told to end. Where the pod's
// containers share a PID namespace it is their init, and reaps.
func Pause([]string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return 0
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 && err != syscall.EINTR {
				break
			}
		}
	}
	return 0
}
