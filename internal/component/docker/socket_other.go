//go:build !linux

package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"labctl.dev/labctl/internal/component"
)

// longest is what macOS allows of a socket's path; Windows allows a little more.
const longest = 103

// checkSocketPath refuses a directory whose socket nobody can connect to.
func checkSocketPath(spec component.Spec) error {
	if at := filepath.Join(spec.Dir, socketName); len(at) > longest {
		return fmt.Errorf("the path of Docker's socket, %s, has %d characters, and sockets can have %d at most: "+
			"choose a shorter name with --env, or a shorter directory with LABCTL_HOME, and start the lab again", at, len(at), longest)
	}
	return nil
}

// listen makes the learner's socket.
func listen(ctx context.Context, spec component.Spec) (net.Listener, error) {
	path := filepath.Join(spec.Dir, socketName)
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
