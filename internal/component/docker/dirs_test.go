//go:build linux

package docker

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/component"
)

func TestASocketThatNobodyCanReach(t *testing.T) {
	dir := "/" + strings.Repeat("x", 107-len("//docker.sock"))
	if err := checkSocketPath(component.Spec{Dir: dir}); err != nil {
		t.Error(err)
	}
	_, err := Component{Log: slog.Default()}.Up(t.Context(), component.Spec{Dir: dir + "x"}, nil, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "LABCTL_HOME") {
		t.Errorf("got %v", err)
	}
}

// A learner puts links in the place of what is made there anew at each start.
func TestLinksAreNotFollowedOut(t *testing.T) {
	outside := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(outside, "docker-compose"), nil, 0o600))
	for _, at := range []string{"config", "config/cli-plugins"} {
		spec := component.Spec{Dir: filepath.Join(t.TempDir(), "docker"), Bin: "/bin", UID: os.Getuid(), GID: os.Getgid()}
		must(makeDirs(spec))
		link := filepath.Join(spec.Dir, at)
		must(os.RemoveAll(link))
		must(os.Symlink(outside, link))
		must(makeDirs(spec))
		if info, err := os.Lstat(link); err != nil || !info.IsDir() {
			t.Errorf("%s is still a link", at)
		}
		if to, err := os.Readlink(filepath.Join(spec.Dir, "config/cli-plugins/docker-compose")); to != "/bin/docker-compose" {
			t.Errorf("%s: the plugin is %q, %v", at, to, err)
		}
	}
	if info, err := os.Lstat(filepath.Join(outside, "docker-compose")); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		t.Error("what a link led to was changed")
	}
}
