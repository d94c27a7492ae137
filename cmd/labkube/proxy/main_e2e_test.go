//go:build e2e

package proxy

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

const envInside = "LABCTL_PROXY_E2E_INSIDE"

// TestMain runs the tests in a network namespace of their own, which plays the
// node: the product's code finds itself in it as it does in labkube.
func TestMain(m *testing.M) {
	if os.Getenv(envInside) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), envInside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "in a network namespace (needs root):", err)
		os.Exit(1)
	}
}
