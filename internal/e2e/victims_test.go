//go:build e2e && linux

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// find lists the processes of this world's environment that play a part:
// supervisor, labinit, labkube, containerd.
func (w *world) find(part string) []int {
	id := w.clusterID()
	var found []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		groups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		args := strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")
		inside := id != "" && bytes.Contains(groups, []byte("/labctl/"+id+"/"))
		if plays(part, args, inside, w.home) {
			found = append(found, pid)
		}
	}
	return found
}

func plays(part string, args []string, inside bool, home string) bool {
	name := filepath.Base(args[0])
	switch part {
	case "supervisor":
		return len(args) > 3 && args[1] == "supervise" && args[3] == home
	case "labkube":
		return inside && name == part && len(args) > 1 && args[1] != "kubectl"
	case "load":
		return inside && slices.Contains(args, "--until-stdin-closes")
	default:
		return inside && name == part
	}
}

// clusterID is the ID of the environment's cluster; empty if there is none yet.
func (w *world) clusterID() string { return clusterID(w.envDir()) }

func clusterID(envDir string) string {
	data, _ := os.ReadFile(filepath.Join(envDir, "id"))
	words := strings.Fields(string(data)) // the engine, the ID, the components
	if len(words) < 2 {
		return ""
	}
	return words[1]
}

// kill ends the processes that play a part with SIGKILL, waits until they are
// gone, and says how many there were.
func (w *world) kill(part string) int {
	w.t.Helper()
	pids := w.find(part)
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
	}
	for _, pid := range pids {
		eventually(w.t, time.Minute, "the killed "+part+" is gone", func() error {
			state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
			return errIf(err == nil && !bytes.Contains(state, []byte(") Z ")), "process %d lives", pid)
		})
	}
	return len(pids)
}

// wantDead waits until none of the environment's processes are left.
func (w *world) wantDead() {
	w.t.Helper()
	for _, part := range []string{"supervisor", "labinit", "labkube", "containerd"} {
		eventually(w.t, time.Minute, "no "+part+" is left", func() error {
			pids := w.find(part)
			return errIf(len(pids) > 0, "%s: %v", part, pids)
		})
	}
}
