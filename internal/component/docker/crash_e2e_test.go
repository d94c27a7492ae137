//go:build e2e && linux

package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/machine"
)

// TestTheEngineCrashes kills dockerd, which is started again: what restarts by
// itself is reached by its port again. Then it kills the engine's machine.
func TestTheEngineCrashes(t *testing.T) {
	w := newWorld(t)
	w.load()
	host := published()
	host.RestartPolicy.Name = container.RestartPolicyAlways
	w.run("web", container.Config{}, host)
	w.answers(port, true)
	w.kill(w.children("dockerd"))
	w.answers(port, false)
	w.answers(port, true)
	w.must(w.engine.Health(w.Context()))

	w.kill(w.inits())
	select {
	case <-w.engine.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the engine's end is not told")
	}
	if w.engine.Err() == nil {
		t.Error("the engine ended without a reason")
	}
	w.must(w.engine.Close(w.Context()))

	// The next start has it back, with what restarts by itself.
	w.up()
	w.answers(port, true)
}

// inits are the processes that hold this test's machines.
func (w *world) inits() []int {
	w.Helper()
	left, err := machine.Leftovers()
	w.must(err)
	var found []int
	for _, l := range left {
		if l.Cluster != w.spec.ID || l.Kind != ledger.KindProcess {
			continue
		}
		pid, err := strconv.Atoi(l.Name)
		w.must(err)
		found = append(found, pid)
	}
	return found
}

// children are the processes of a program that this test's machines started.
func (w *world) children(program string) []int {
	w.Helper()
	inits := w.inits()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	w.must(err)
	var found []int
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		var pid, parent int
		var comm, state string
		if _, err := fmt.Sscanf(string(data), "%d %s %s %d", &pid, &comm, &state, &parent); err != nil {
			continue // another program, with a blank in its name
		}
		if comm == "("+program+")" && slices.Contains(inits, parent) {
			found = append(found, pid)
		}
	}
	return found
}

// kill ends processes, of which there has to be one.
func (w *world) kill(pids []int) {
	w.Helper()
	if len(pids) == 0 {
		w.Fatal("no such process")
	}
	for _, pid := range pids {
		w.must(syscall.Kill(pid, syscall.SIGKILL))
	}
}
