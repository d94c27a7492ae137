package proc

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a program that was started.
type Process struct {
	cmd   *exec.Cmd
	group bool
	done  chan struct{}
	err   error
}

// PID is the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is nil until Done is closed, and then if the program succeeded.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Signal sends a signal to the program, or to its group if it has one.
func (p *Process) Signal(s os.Signal) error {
	if sig, ok := s.(syscall.Signal); ok && p.group {
		return signalGroup(p.cmd.Process, sig)
	}
	return p.cmd.Process.Signal(s)
}

// Stop asks the program to end, kills it when grace is over or ctx ends, and
// returns when it is gone. It is idempotent.
func (p *Process) Stop(ctx context.Context, grace time.Duration) {
	select {
	case <-p.done:
		return
	default:
	}
	stop := context.AfterFunc(ctx, func() { _ = p.Signal(os.Kill) })
	defer stop()
	p.end(politeEnd, grace)
}

func (p *Process) end(first os.Signal, grace time.Duration) {
	if err := p.Signal(first); err != nil {
		grace = 0 // the system knows no polite way
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
	}
	_ = p.Signal(os.Kill)
	<-p.done
}
