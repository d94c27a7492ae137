// Package inside asks from within networks of a Docker Engine, as any container
// there would: it keeps one helper container in each network that is asked from, and
// one session with it over which all requests go.
package inside

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	dockernetwork "github.com/docker/docker/api/types/network"

	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/prober/session"
	"labctl.dev/labctl/internal/container"
)

const (
	// startTime is how long a helper container may take until it can be talked to.
	startTime = 30 * time.Second
	// idle is how long a helper stays in a network without being asked. While it
	// does, the network cannot be removed, and the learner may want to.
	idle = 2 * time.Second
)

// Resident is the program in helper containers.
func Resident() []string { return []string{prober.Binary, "session"} }

// Networks runs labapp's applets in networks of one engine. It is safe for
// concurrent use. Close ends what it has open.
type Networks struct {
	docker *container.Client

	mu      sync.Mutex
	current map[string]*room // by the network's ID
	there   map[*room]bool   // every one whose helper may be there, retired ones too
	open    sync.WaitGroup
}

// New makes Networks. The first helper container is made when it is needed.
func New(docker *container.Client) *Networks {
	return &Networks{docker: docker, current: map[string]*room{}, there: map[*room]bool{}}
}

// Output runs an applet of labapp's sessions to its end and returns what it
// printed. If its helper goes in the middle of it, it is tried once more with another
// one: what it does has to be harmless twice. It is an error that container.Gone
// tells if the network is not there.
func (n *Networks) Output(ctx context.Context, at container.Place, argv ...string) ([]byte, error) {
	out, err := n.Once(ctx, at, argv...)
	if err != nil && ctx.Err() == nil && !container.Gone(err) {
		out, err = n.Once(ctx, at, argv...)
	}
	return out, err
}

// Once is Output for what must not be done twice.
func (n *Networks) Once(ctx context.Context, at container.Place, argv ...string) ([]byte, error) {
	r, err := n.enter(ctx, at)
	if err != nil {
		return nil, err
	}
	answer, err := r.Run(ctx, argv)
	n.release(r)
	if err != nil {
		return nil, fmt.Errorf("run %s in a helper container in the network %s: %w", argv[0], at.Name, n.why(ctx, at, err))
	}
	if answer.Code != 0 {
		return nil, fmt.Errorf("%s in a helper container: exit code %d: %s", argv[0], answer.Code, strings.TrimSpace(string(answer.Stderr)))
	}
	return answer.Stdout, nil
}

// Prepare begins to make a helper in the engine's own network, for who will ask from
// there soon. If that fails, who asks is told.
func (n *Networks) Prepare(ctx context.Context) {
	id, err := n.docker.NetworkID(ctx, dockernetwork.NetworkBridge)
	if err == nil && id != "" {
		r, _ := n.take(ctx, container.Place{Name: dockernetwork.NetworkBridge, ID: id})
		n.release(r)
	}
}

// why adds to the error of a session that broke that the network is gone, if it is.
func (n *Networks) why(ctx context.Context, at container.Place, err error) error {
	if ctx.Err() != nil || container.Gone(err) {
		return err
	}
	_, lacks := n.docker.API.NetworkInspect(ctx, at.ID, dockernetwork.InspectOptions{})
	if container.Gone(lacks) {
		return errors.Join(lacks, err)
	}
	return err
}

// enter returns a room in the network whose helper is as it was made. The caller
// releases it.
func (n *Networks) enter(ctx context.Context, at container.Place) (*room, error) {
	for {
		r, fresh := n.take(ctx, at)
		if fresh {
			return r, nil
		}
		genuine, err := r.genuine(ctx)
		if err == nil && genuine {
			return r, nil
		}
		n.leave(r)
		n.release(r)
		if err != nil {
			return nil, err
		}
	}
}

// take returns the room in a network, and whether it was opened for that.
func (n *Networks) take(ctx context.Context, at container.Place) (r *room, fresh bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r = n.current[at.ID]; r != nil && r.Over() {
		n.retire(r)
		r = nil
	}
	if r == nil {
		r, fresh = n.begin(ctx, at), true
		n.current[at.ID], n.there[r] = r, true
		n.open.Go(func() { n.bury(r) })
	}
	r.users++
	r.idle.Stop()
	return r, fresh
}

// begin opens a room. The caller holds mu.
func (n *Networks) begin(ctx context.Context, at container.Place) *room {
	r := &room{at: at, settled: make(chan struct{})}
	r.idle = time.AfterFunc(idle, func() { n.expire(r) })
	r.Session = session.Open(ctx, r.connect(n.docker))
	return r
}

// bury forgets a room when nothing of it is left.
func (n *Networks) bury(r *room) {
	<-r.Done()
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.there, r)
}

// expire leaves a room that nobody has used for a while.
func (n *Networks) expire(r *room) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.users == 0 && !r.retired {
		n.retire(r)
	}
}

// release gives a room back after its use.
func (n *Networks) release(r *room) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r.users--
	switch {
	case r.users > 0:
	case r.retired:
		r.Close()
	case !r.permanent():
		r.idle.Reset(idle)
	}
}

// leave lets nobody else into a room.
func (n *Networks) leave(r *room) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !r.retired {
		n.retire(r)
	}
}

// retire lets a room's users finish what they are at. The caller holds mu.
func (n *Networks) retire(r *room) {
	r.retired = true
	r.idle.Stop()
	if n.current[r.at.ID] == r {
		delete(n.current, r.at.ID)
	}
	if r.users == 0 {
		r.Close()
	}
}

// Leave ends the helpers in networks that can be removed, and waits until they are
// gone, as far as nobody uses them and ctx lives.
func (n *Networks) Leave(ctx context.Context) {
	var left []*room
	n.mu.Lock()
	for r := range n.there {
		if r.users > 0 || r.permanent() {
			continue
		}
		left = append(left, r)
		if !r.retired {
			n.retire(r)
		}
	}
	n.mu.Unlock()
	for _, r := range left {
		select {
		case <-r.Done():
		case <-ctx.Done():
		}
	}
}

// Close ends all helpers and waits until they are gone. No run may be under way.
func (n *Networks) Close() {
	n.mu.Lock()
	for _, r := range n.current {
		n.retire(r)
	}
	n.mu.Unlock()
	n.open.Wait()
}
