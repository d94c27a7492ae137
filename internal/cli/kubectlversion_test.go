package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A kubectl that labctl put into the shell of an environment, of this home or
// another, is not the user's.
func TestTheUsersOwnKubectl(t *testing.T) {
	dir := t.TempDir()
	place := func(parts ...string) string {
		t.Helper()
		path := filepath.Join(append([]string{dir}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	place("other-home", "envs", "one", "env.json")
	wrapper := place("other-home", "envs", "one", "bin", "kubectl")
	users := place("envs", "two", "bin", "kubectl")
	path := []string{filepath.Dir(wrapper), filepath.Dir(wrapper) + "/", filepath.Dir(users)}
	s := &State{Environ: []string{"PATH=" + strings.Join(path, string(os.PathListSeparator))}}
	if got := s.lookPath("kubectl"); got != users {
		t.Errorf("found %s, want %s", got, users)
	}
}
