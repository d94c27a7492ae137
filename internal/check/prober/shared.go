package prober

import (
	"context"
	"errors"
	"io"

	"labctl.dev/labctl/internal/check/prober/session"
	"labctl.dev/labctl/internal/kube"
)

// shared is a session that callers have in common.
type shared struct {
	*session.Session

	at    helper
	users int
	// retired says that nobody else may have it; the last user closes it.
	retired bool
}

// inSession runs an applet in the session with this pod, which it opens if need
// be. If the error is session.ErrMissing, nothing was run.
func (p *Prober) inSession(ctx context.Context, at helper, argv []string) ([]byte, error) {
	s := p.take(ctx, at)
	if s == nil {
		return nil, session.ErrMissing
	}
	answer, err := s.Run(ctx, argv)
	p.release(s, err)
	return answer.Stdout, problem(argv[0], answer.Code, string(answer.Stderr), err)
}

// take returns the session with this pod; nil if its labapp knows of none.
func (p *Prober) take(ctx context.Context, at helper) *shared {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.without == at {
		return nil
	}
	if s := p.current; s != nil && (s.at != at || s.Over()) {
		p.retire(s)
	}
	if p.current == nil {
		s := &shared{Session: session.Open(ctx, p.connect(at)), at: at}
		p.open.Go(func() { <-s.Done() })
		p.current = s
	}
	p.current.users++
	return p.current
}

// release gives a session back after a run that ended with this error.
func (p *Prober) release(s *shared, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	if errors.Is(err, session.ErrMissing) {
		p.without = s.at
	}
	if s.retired && s.users == 0 {
		s.Close()
	}
}

// retire lets a session's users finish what they are at. The caller holds mu.
func (p *Prober) retire(s *shared) {
	s.retired, p.current = true, nil
	if s.users == 0 {
		s.Close()
	}
}

// Close ends what the prober has open in the pod, and waits for its end. No run
// may be under way.
func (p *Prober) Close() {
	p.mu.Lock()
	if p.current != nil {
		p.retire(p.current)
	}
	p.mu.Unlock()
	p.open.Wait()
}

// connect opens sessions with a pod.
func connect(client *kube.Client) func(helper) session.Connect {
	return func(at helper) session.Connect {
		return func(ctx context.Context, in io.Reader, out, complaints io.Writer) (int, error) {
			return client.Exec(ctx, kube.Command{
				Namespace: Namespace, Pod: at.pod, Container: name, Argv: []string{Binary, "session"},
				Stdin: in, Stdout: out, Stderr: complaints,
			})
		}
	}
}
