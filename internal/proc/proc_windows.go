package proc

import (
	"os"
	"syscall"
)

const politeEnd = syscall.SIGTERM

const detachedProcess = 0x00000008

func (c Command) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{}
	if c.Attr != nil {
		*attr = *c.Attr
	}
	if c.Group || c.Detached {
		attr.CreationFlags |= syscall.CREATE_NEW_PROCESS_GROUP
	}
	if c.Detached {
		attr.CreationFlags |= detachedProcess
	}
	return attr
}

func signalGroup(p *os.Process, s syscall.Signal) error { return p.Signal(s) }
