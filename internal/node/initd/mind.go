//go:build linux

package initd

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/node"
)

const (
	// A component that crashes again and again is given up, and the node with
	// it: a broken environment must not look half alive.
	maxCrashes = 5
	// One that ran this long is healthy; its earlier crashes are forgiven.
	healthyAfter = 60 * time.Second
	firstBackoff = 100 * time.Millisecond
)

// mind starts the node's components, starts again what crashes, and reaps
// every process that ends. It returns nil when told to stop, an error when a
// component is beyond repair.
func mind(cfg node.Config, out *reporter, term <-chan os.Signal) error {
	child := make(chan os.Signal, 1)
	signal.Notify(child, syscall.SIGCHLD)
	again := make(chan *component, maxCrashes)
	all := components(cfg)
	for _, c := range all {
		if err := c.start(out); err != nil {
			return err
		}
	}
	for {
		select {
		case <-term:
			// The kernel ends the components with this process. They need no
			// notice: what they have written, the kernel has.
			return nil
		case c := <-again:
			if err := c.start(out); err != nil {
				return err
			}
		case <-child:
			for _, c := range reap(all) {
				if err := c.ended(out, again); err != nil {
					return err
				}
			}
		}
	}
}

// reap takes note of every process that has ended: components, which it
// returns, and orphans.
func reap(all []*component) []*component {
	var ended []*component
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return ended
		}
		for _, c := range all {
			if c.pid == pid {
				c.pid, c.status = 0, status
				ended = append(ended, c)
			}
		}
	}
}

func describe(s syscall.WaitStatus) string {
	if s.Signaled() {
		return fmt.Sprintf("ended by signal %d (%s)", s.Signal(), s.Signal())
	}
	return fmt.Sprintf("ended with code %d", s.ExitStatus())
}

func killed(s syscall.WaitStatus) bool { return s.Signaled() && s.Signal() == syscall.SIGKILL }
