package inside

import (
	"context"
	"io"
	"testing"
	"time"

	"labctl.dev/labctl/internal/check/prober/session"
	"labctl.dev/labctl/internal/container"
)

// lingering is a room of which nothing is left only when let is closed.
func lingering(t *testing.T, n *Networks, at container.Place) (r *room, let chan struct{}) {
	t.Helper()
	let = make(chan struct{})
	r = &room{at: at, settled: make(chan struct{}), idle: time.NewTimer(time.Hour)}
	r.Session = session.Open(t.Context(), func(_ context.Context, in io.Reader, _, _ io.Writer) (int, error) {
		_, _ = io.Copy(io.Discard, in) // until the room is closed
		<-let
		return 0, nil
	})
	n.mu.Lock()
	n.current[at.ID], n.there[r] = r, true
	n.mu.Unlock()
	n.open.Go(func() { n.bury(r) })
	return r, let
}

// TestLeaveWaits for helpers that nobody uses, also for those that were on their way
// out before: who removes their network next has to succeed.
func TestLeaveWaits(t *testing.T) {
	for name, expired := range map[string]bool{"in use until now": false, "expired before": true} {
		t.Run(name, func(t *testing.T) {
			n := New(nil)
			r, let := lingering(t, n, container.Place{Name: "shop", ID: "1"})
			if expired {
				n.expire(r)
			}
			short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if n.Leave(short); short.Err() == nil {
				t.Error("it did not wait")
			}
			close(let)
			n.Leave(t.Context())
			n.Close()
			if len(n.there)+len(n.current) > 0 {
				t.Error("a room is left")
			}
		})
	}
}

// TestLeaveSpares the rooms that somebody is in, and those in a network that stays.
func TestLeaveSpares(t *testing.T) {
	n := New(nil)
	used, let := lingering(t, n, container.Place{Name: "shop", ID: "1"})
	bridge, letBridge := lingering(t, n, container.Place{Name: "bridge", ID: "2"})
	used.users = 1
	n.Leave(t.Context())
	if used.retired || bridge.retired {
		t.Errorf("retired: %v, %v", used.retired, bridge.retired)
	}
	n.leave(used)
	if _, fresh := n.current["1"]; fresh || used.Over() {
		t.Error("others may have a room that was left, or its user may not")
	}
	n.release(used)
	if !used.Over() {
		t.Error("its last user has left, and it is open")
	}
	close(let)
	close(letBridge)
	n.Close()
}
