package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"labctl.dev/labctl/internal/environment"
)

// errInterrupt is why a context ends after Ctrl-C.
var errInterrupt = fmt.Errorf("Ctrl-C: %w", context.Canceled)

// interruptible returns a context that ends with the first interrupt. A second
// one ends the process at once.
func (s *State) interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	over := make(chan struct{})
	go s.listen(signals, over, cancel)
	return ctx, func() {
		signal.Stop(signals)
		close(over)
		cancel(nil)
	}
}

// listen cancels with the first signal and exits with the second. While another
// program owns the terminal, it is that program's to end.
func (s *State) listen(signals <-chan os.Signal, over <-chan struct{}, cancel context.CancelCauseFunc) {
	for count := 0; ; {
		var sig os.Signal
		select {
		case <-over:
			return
		case sig = <-signals:
		}
		if p := s.terminal.Load(); p != nil {
			if sig != os.Interrupt { // Ctrl-C reaches everybody at the terminal
				_ = p.Signal(sig) // it may just have ended
			}
			continue
		}
		if count++; count > 1 {
			s.Exit(exitInterrupted)
		}
		cancel(errInterrupt)
		if s.StderrTTY {
			fmt.Fprintln(s.Stderr, "\nstopping cleanly; press Ctrl-C again to stop now")
		}
	}
}

// goesOn tells that what was interrupted does not end with its command: half of
// it would help nobody. Other errors it leaves alone.
func goesOn(ctx context.Context, err error, what, env string) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return &environment.Problem{
		Code: environment.CodeInterrupted, Message: "interrupted; " + what + " goes on in the background",
		Hint: "`labctl status --env " + env + "` says when it is done.",
	}
}
