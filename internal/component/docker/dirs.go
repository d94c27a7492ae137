package docker

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"labctl.dev/labctl/internal/component"
)

// makeDirs makes the component's directory: whoever the environment belongs to has
// to reach the socket and the configuration in it, nobody the rest. Only the
// configuration is the learner's own, for docker writes there; so links in it
// are not followed out of the component's directory.
func makeDirs(spec component.Spec) error {
	if err := os.Mkdir(spec.Dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	root, err := os.OpenRoot(spec.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := root.Chmod(".", 0o711); err != nil { // whatever the umask
		return err
	}
	if err := makeDir(root, configDir, 0o755); err != nil {
		return err
	}
	if err := linkPlugins(spec, root); err != nil {
		return err
	}
	return own(root, configDir, spec)
}

// linkPlugins puts docker's plugins where its configuration has them.
func linkPlugins(spec component.Spec, root *os.Root) error {
	plugins := path.Join(configDir, "cli-plugins")
	if err := makeDir(root, plugins, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"docker-compose", "docker-buildx"} {
		link := path.Join(plugins, name)
		if err := root.RemoveAll(link); err != nil {
			return err
		}
		if err := root.Symlink(filepath.Join(spec.Bin, name), link); err != nil {
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

// own gives a file to the learner. Only root can, and only root needs to.
func own(root *os.Root, name string, spec component.Spec) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return root.Lchown(name, spec.UID, spec.GID)
}

// dataDir is the own directory of an engine of ours, in the component's.
const dataDir = "machine"

// makeDataDir makes it.
func makeDataDir(spec component.Spec) error {
	root, err := os.OpenRoot(spec.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return makeDir(root, dataDir, 0o700)
}
