package inside

import (
	"context"
	"errors"
	"io"
	"time"

	dockernetwork "github.com/docker/docker/api/types/network"

	"labctl.dev/labctl/internal/check/prober/session"
	"labctl.dev/labctl/internal/container"
)

// room is a helper in one network, and the session with it.
type room struct {
	*session.Session

	at   container.Place
	idle *time.Timer
	// helper is set when settled is closed, unless the session is over then.
	helper  *container.Resident
	settled chan struct{}

	users int
	// retired says that nobody else may have it; the last user closes it.
	retired bool
}

// permanent tells a network that nobody can remove.
func (r *room) permanent() bool { return r.at.Name == dockernetwork.NetworkBridge }

// mode is how the engine is told of the network: by its ID, so that no other of its
// name is meant; of its own network it knows the name only.
func (r *room) mode() string {
	if r.permanent() {
		return r.at.Name
	}
	return r.at.ID
}

// connect opens the session: it holds the helper container for as long.
func (r *room) connect(docker *container.Client) session.Connect {
	return func(ctx context.Context, in io.Reader, out, complaints io.Writer) (code int, err error) {
		starting, cancel := context.WithTimeout(ctx, startTime)
		helper, err := docker.Reside(starting, r.mode())
		cancel()
		if err != nil {
			return 0, err
		}
		r.helper = helper
		close(r.settled)
		defer func() { err = errors.Join(err, helper.Discard(ctx)) }()
		return helper.Serve(ctx, in, out, complaints)
	}
}

// genuine tells whether the helper is still what was made. One that is on its way
// is.
func (r *room) genuine(ctx context.Context) (bool, error) {
	select {
	case <-r.settled:
		return r.helper.Genuine(ctx)
	case <-r.Done():
		return false, nil
	default:
		return true, nil
	}
}
