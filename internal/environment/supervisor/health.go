package supervisor

import (
	"context"
	"net/http"
	"os"
	"time"
)

// healthPatience is how long the cluster may take to say how it is.
const healthPatience = 3 * time.Second

// endingTakes is how long after a part stopped answering it may be known that it
// has ended.
const endingTakes = 500 * time.Millisecond

func (s *Server) handleStatus(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	status := Status{State: s.state, PID: os.Getpid(), Since: s.since}
	s.mu.Unlock()
	if c := s.cluster(); c != nil && status.State == Running {
		ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
		defer cancel()
		status = judge(ctx, c, status)
		for _, part := range s.parts() { // the first trouble counts
			if status.Health == "" {
				status = judge(ctx, part, status)
			}
		}
	}
	reply(w, http.StatusOK, status)
}

// judged is a cluster or a component that runs.
type judged interface {
	Done() <-chan struct{}
	Err() error
	Health(ctx context.Context) error
}

// judge adds to a status how one part of the environment is.
func judge(ctx context.Context, c judged, status Status) Status {
	if !endsWithin(c, 0) {
		unwell := c.Health(ctx)
		if unwell == nil {
			return status
		}
		if !endsWithin(c, endingTakes) {
			status.Health = unwell.Error()
			return status
		}
	}
	status.State, status.Health = Broken, "a part of the environment has ended"
	if err := c.Err(); err != nil {
		status.Health = err.Error()
	}
	return status
}

// endsWithin says whether a part ends within a time.
func endsWithin(c judged, within time.Duration) bool {
	select {
	case <-c.Done():
		return true
	default:
	}
	select {
	case <-c.Done():
		return true
	case <-time.After(within):
		return false
	}
}

// healthy says whether there is nothing to start.
func (s *Server) healthy() bool {
	c := s.cluster()
	if c == nil {
		return false
	}
	for _, part := range append([]judged{c}, s.parts()...) {
		if endsWithin(part, 0) {
			return false
		}
	}
	return true
}
