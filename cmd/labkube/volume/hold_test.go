package volume

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRestoredDataIsHeldUntilResume(t *testing.T) {
	dir := t.TempDir()
	s := Store{dir: filepath.Join(dir, "volumes"), baseline: filepath.Join(dir, "baseline"), trash: filepath.Join(dir, "trash")}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	reclaim := func(volume string, want bool) {
		t.Helper()
		done, err := s.Reclaim(volume)
		must(err)
		_, missing := os.Stat(s.Path(volume))
		if done != want || os.IsNotExist(missing) != want {
			t.Errorf("reclaim %s: done %v, data: %v; want done %v", volume, done, missing, want)
		}
	}
	must(s.Make("old"))
	must(s.Save())
	must(s.Restore())
	must(s.Make("new"))
	reclaim("old", false)
	reclaim("new", true) // not of the baseline
	must(s.Resume())
	reclaim("old", true)

	must(s.Restore())
	reclaim("old", false)
	long := time.Now().Add(-holdPatience)
	must(os.Chtimes(s.heldFile(), long, long)) // a reset that failed
	reclaim("old", true)
}
