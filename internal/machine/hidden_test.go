//go:build linux

package machine

import (
	"os"
	"path/filepath"
	"testing"
)

// A cgroup is somebody's whose processes cannot be seen from here, as those of the
// host from a container.
func TestHidden(t *testing.T) {
	for procs, want := range map[string]bool{"": false, "17\n4\n": false, "0\n": true, "17\n0\n": true} {
		dir := t.TempDir()
		below := filepath.Join(dir, "node", "pods")
		if err := os.MkdirAll(below, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(below, "cgroup.procs"), []byte(procs), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := hidden(dir); got != want {
			t.Errorf("%q: got %v", procs, got)
		}
	}
}
