//go:build unix

package proc

import (
	"os"
	"syscall"
)

const politeEnd = syscall.SIGTERM

func (c Command) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{}
	if c.Attr != nil {
		*attr = *c.Attr
	}
	switch {
	case c.Detached:
		attr.Setsid = true
	case c.Group:
		attr.Setpgid = true
	}
	return attr
}

func signalGroup(p *os.Process, s syscall.Signal) error { return syscall.Kill(-p.Pid, s) }
