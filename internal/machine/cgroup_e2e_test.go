//go:build e2e && linux

package machine

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"labctl.dev/labctl/internal/proc"
)

// What a learner has paused must not keep a machine from ending: frozen by
// cgroups of version 1, not even a killed process dies.
func TestWhatIsFrozenCanEnd(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		t.Fatal(err)
	}
	id := "e2e-freezer-" + strconv.Itoa(os.Getpid())
	frozen := false
	p, err := proc.Command{Path: "/bin/sleep", Args: []string{"600"}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hierarchies {
		if err := h.Make(id, "m"); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(h.Mount, CgroupDir, id, "m")
		for file, state := range map[string]string{"freezer.state": "FROZEN", "cgroup.freeze": "1"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(p.PID())), 0); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(state), 0); err != nil {
				t.Fatal(err)
			}
			frozen = true
		}
	}
	if !frozen {
		t.Error("this machine has no freezer: nothing is shown")
	}
	if err := p.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := Clear(ctx, id); err != nil {
		t.Error(err)
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		t.Error("the frozen process lives")
	}
}

// Clusters that come and go beside each other share the directory above theirs:
// the last to go removes it while the next makes its own in it.
func TestCgroupsBesideOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hierarchies {
		// A directory of the test's own, which no cluster of this machine holds.
		top := Hierarchy{Mount: filepath.Join(h.Mount, "labctl-test-"+strconv.Itoa(os.Getpid())), V1: h.V1}
		if err := h.tryMake(filepath.Base(top.Mount)); err != nil {
			t.Fatal(err)
		}
		var all errgroup.Group
		for i := range 4 {
			all.Go(func() error {
				id := "cluster" + strconv.Itoa(i)
				for range 200 {
					if err := top.Make(id, "m"); err != nil {
						return err
					}
					if err := top.Remove(t.Context(), id); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			t.Errorf("%s: %v", h.Mount, err)
		}
		if err := RemoveCgroup(t.Context(), top.Mount); err != nil {
			t.Error(err)
		}
	}
}
