package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
)

// listen makes the socket at path, in place of a stale one. The caller holds
// the environment's lock.
func listen(path string) (*net.UnixListener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	short, dir, err := reachable(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // by a path that is no longer good
	return l, os.Chmod(path, 0o600)
}

// unreachable says that nobody listens.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// dial connects to the socket at path.
func dial(ctx context.Context, path string) (net.Conn, error) {
	short, dir, err := reachable(path)
	if err != nil {
		return nil, unreachable{err}
	}
	defer dir.Close()
	c, err := new(net.Dialer).DialContext(ctx, "unix", short)
	if err != nil && ctx.Err() == nil {
		return nil, unreachable{err}
	}
	return c, err
}
