//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Init is the first process of a container that was asked for with docker run
// --init, in place of tini: it starts the container's command, hands it the
// signals that it gets, collects the processes that others leave to it, and ends
// with the command's exit code, or 128 and the number of the signal that ended it.
func Init(args []string) int {
	if len(args) == 1 && args[0] == "--version" { // the engine asks when it starts
		fmt.Fprintln(os.Stdout, "labinit docker-init")
		return 0
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "docker-init: there is no command to run")
		return 1
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	command, code := begin(args)
	if command == 0 {
		return code
	}
	for s := range signals {
		number := s.(syscall.Signal)
		switch number {
		case syscall.SIGCHLD:
			if code, ended := collect(command); ended {
				return code
			}
		case syscall.SIGURG: // the Go runtime's own
		default:
			_ = syscall.Kill(command, number) // it may have ended a moment ago
		}
	}
	return 0
}

// begin starts the command in a process group of its own, which has the terminal
// if there is one; or else it returns the exit code by which shells say why not.
func begin(args []string) (pid, code int) {
	path, err := exec.LookPath(args[0])
	if err == nil {
		attributes := &syscall.SysProcAttr{Setpgid: true}
		if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
			attributes = &syscall.SysProcAttr{Foreground: true}
		}
		pid, err = syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attributes})
	}
	if err == nil {
		return pid, 0
	}
	fmt.Fprintf(os.Stderr, "docker-init: %v\n", err)
	if errors.Is(err, os.ErrPermission) {
		return 0, 126
	}
	return 0, 127
}

// collect takes the processes that have ended, and tells whether the command is
// among them.
func collect(command int) (code int, ended bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return code, ended
		}
		if pid == command {
			code, ended = status.ExitStatus(), true
			if status.Signaled() {
				code = 128 + int(status.Signal())
			}
		}
	}
}
