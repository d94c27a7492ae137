//go:build linux

package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/component"
)

// dataDir is the engine's own directory, in the component's.
const dataDir = "machine"

// checkSocketPath refuses a directory whose socket nobody can connect to.
func checkSocketPath(spec component.Spec) error {
	const longest = len(unix.RawSockaddrUnix{}.Path) - 1
	if at := filepath.Join(spec.Dir, socketName); len(at) > longest {
		return fmt.Errorf("the path of Docker's socket, %s, has %d characters, and sockets can have %d at most: "+
			"choose a shorter name with --env, or a shorter directory with LABCTL_HOME, and start the lab again", at, len(at), longest)
	}
	return nil
}

// makeDirs makes the component's directory: whoever the environment belongs to has
// to reach the socket and the configuration in it, nobody the rest. Only the
// configuration is the learner's own, for docker writes there; so links in it
// are not followed out of the component's directory.
func (e *Engine) makeDirs() error {
	if err := os.Mkdir(e.spec.Dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	root, err := os.OpenRoot(e.spec.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := root.Chmod(".", 0o711); err != nil { // whatever the umask
		return err
	}
	if err := makeDir(root, dataDir, 0o700); err != nil {
		return err
	}
	if err := makeDir(root, configDir, 0o755); err != nil {
		return err
	}
	if err := e.linkPlugins(root); err != nil {
		return err
	}
	return root.Lchown(configDir, e.spec.UID, e.spec.GID)
}

// linkPlugins puts docker's plugins where its configuration has them.
func (e *Engine) linkPlugins(root *os.Root) error {
	plugins := path.Join(configDir, "cli-plugins")
	if err := makeDir(root, plugins, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"docker-compose", "docker-buildx"} {
		link := path.Join(plugins, name)
		if err := root.RemoveAll(link); err != nil {
			return err
		}
		if err := root.Symlink(filepath.Join(e.spec.Bin, name), link); err != nil {
			return err
		}
	}
	return nil
}

// makeDir makes a directory unless there is one. What else has its name, also a
// link to a directory, goes.
func makeDir(root *os.Root, name string, mode fs.FileMode) error {
	if info, err := root.Lstat(name); err == nil && !info.IsDir() {
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	switch err := root.Mkdir(name, mode); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return root.Chmod(name, mode)
}

// listen makes the learner's socket, by the open directory: socket paths are short.
func (e *Engine) listen(ctx context.Context) (net.Listener, error) {
	root, err := os.OpenRoot(e.spec.Dir)
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
	if err := errors.Join(root.Chmod(socketName, 0o600), root.Lchown(socketName, e.spec.UID, e.spec.GID)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
