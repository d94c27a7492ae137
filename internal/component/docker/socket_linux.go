package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/component"
)

// checkSocketPath refuses a directory whose socket nobody can connect to.
func checkSocketPath(spec component.Spec) error {
	const longest = len(unix.RawSockaddrUnix{}.Path) - 1
	if at := filepath.Join(spec.Dir, socketName); len(at) > longest {
		return fmt.Errorf("the path of Docker's socket, %s, has %d characters, and sockets can have %d at most: "+
			"choose a shorter name with --env, or a shorter directory with LABCTL_HOME, and start the lab again", at, len(at), longest)
	}
	return nil
}

// listen makes the learner's socket, by the open directory: socket paths are short.
func listen(ctx context.Context, spec component.Spec) (net.Listener, error) {
	root, err := os.OpenRoot(spec.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if err := root.RemoveAll(socketName); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName))
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(root.Chmod(socketName, 0o600), own(root, socketName, spec)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
