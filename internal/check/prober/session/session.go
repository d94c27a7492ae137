// Package session is the checker's end of a session of labapp in its helper pod:
// one exec, over which any number of applets run, beside each other.
package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	labapp "labctl.dev/labctl/internal/labapp/session"
)

// Connect runs the applet "session" with these streams until it ends, and
// returns its exit code, or why it could not be run.
type Connect func(ctx context.Context, in io.Reader, out, complaints io.Writer) (int, error)

// ErrMissing says that the labapp in the pod is older than sessions.
var ErrMissing = errors.New("labapp has no sessions there")

const (
	missing = 127 // labapp's exit code when it has no such applet
	// silence is how long an open session may say nothing, not even a beat,
	// before it counts as lost. A busy machine may be late by seconds.
	silence = 10 * labapp.Beat
	// grace is how long the pod's end has to end after ours.
	grace = 2 * time.Second
)

// Session is an open session. It is safe for concurrent use.
type Session struct {
	in     *queue
	cancel context.CancelFunc
	ready  chan struct{} // closed when the applet has said that it is there
	done   chan struct{} // closed when the session is over; err says why

	mu      sync.Mutex
	err     error
	heard   time.Time
	last    uint64 // the ID given last
	pending map[uint64]chan<- labapp.Answer
	closing *time.Timer
}

// Open begins a session, which goes on after ctx has ended, until it breaks or
// is closed.
func Open(ctx context.Context, connect Connect) *Session {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Session{
		in: newQueue(), cancel: cancel, ready: make(chan struct{}), done: make(chan struct{}),
		pending: map[uint64]chan<- labapp.Answer{},
	}
	go s.keep(ctx, connect)
	return s
}

// keep holds the session open until it is over.
func (s *Session) keep(ctx context.Context, connect Connect) {
	complaints := &tail{}
	code, err := connect(ctx, s.in, &receiver{session: s}, complaints)
	said := strings.TrimSpace(complaints.String())
	switch {
	case err == nil && code == missing && !s.opened():
		err = ErrMissing
	case err == nil:
		err = fmt.Errorf("its session ended with exit code %d: %s", code, said)
	default:
		err = fmt.Errorf("its session broke: %w", err)
	}
	s.fail(err)
	s.in.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing != nil {
		s.closing.Stop()
	}
	close(s.done)
}

// Over tells whether the session has broken or was closed.
func (s *Session) Over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil || s.closing != nil
}

// Close ends the session, and in the pod what may still run in it. It does not
// wait for that: Done tells.
func (s *Session) Close() {
	s.in.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == nil && s.err == nil {
		s.closing = time.AfterFunc(grace, s.cancel)
	}
}

// Done is closed when nothing of the session is left.
func (s *Session) Done() <-chan struct{} { return s.done }

// Run runs an applet to its end. When ctx ends before, it is stopped in the pod.
func (s *Session) Run(ctx context.Context, argv []string) (labapp.Answer, error) {
	select {
	case <-s.ready:
	case <-s.done:
		return labapp.Answer{}, s.why()
	case <-ctx.Done():
		return labapp.Answer{}, context.Cause(ctx)
	}
	id, answer, err := s.begin(argv)
	if err != nil {
		return labapp.Answer{}, err
	}
	return s.await(ctx, id, answer)
}

func (s *Session) begin(argv []string) (uint64, <-chan labapp.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, nil, s.err
	}
	s.last++
	line, err := json.Marshal(labapp.Request{ID: s.last, Argv: argv})
	if err != nil {
		return 0, nil, err
	}
	answer := make(chan labapp.Answer, 1)
	s.pending[s.last] = answer
	s.in.push(append(line, '\n'))
	return s.last, answer, nil
}

func (s *Session) await(ctx context.Context, id uint64, answer <-chan labapp.Answer) (labapp.Answer, error) {
	begun := time.Now()
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		select {
		case a := <-answer:
			return a, nil
		case <-s.done:
			select {
			case a := <-answer: // its last word
				return a, nil
			default:
				return labapp.Answer{}, s.why()
			}
		case <-ctx.Done():
			s.forget(id)
			return labapp.Answer{}, context.Cause(ctx)
		case <-quiet.C:
			since := time.Since(s.lastHeard(begun))
			if since >= silence {
				s.fail(fmt.Errorf("its session broke: nothing was heard of it for %s", silence))
			}
			quiet.Reset(max(silence-since, labapp.Beat))
		}
	}
}

// forget stops a run whose answer nobody waits for any more.
func (s *Session) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
	line, err := json.Marshal(labapp.Request{ID: id, Cancel: true})
	if err == nil {
		s.in.push(append(line, '\n'))
	}
}

func (s *Session) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Session) lastHeard(begun time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard.After(begun) {
		return s.heard
	}
	return begun
}

func (s *Session) opened() bool {
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

// fail ends the session for this reason, unless it has ended for another.
func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.cancel()
}
