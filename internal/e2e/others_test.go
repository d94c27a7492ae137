//go:build e2e && linux

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// others are the clusters of this machine that are not this world's: those that
// a living process outside of it holds. They may come and go while a test runs.
func (w *world) others() []string {
	var ids []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		args := arguments(dir)
		switch {
		case len(args) > 5 && args[1] == "supervise" && args[2] == "--home" && args[4] == "--env" && !w.owns(args[3]):
			if id := clusterID(filepath.Join(args[3], "envs", args[5])); id != "" {
				ids = append(ids, id)
			}
		case len(args) > 3 && filepath.Base(args[0]) == "labinit" && args[1] == "node" && w.heldElsewhere(dir):
			ids = append(ids, args[2])
		}
	}
	return ids
}

// heldElsewhere says whether a labinit's parent is neither this world's nor the
// one that takes in orphans.
func (w *world) heldElsewhere(proc string) bool {
	stat, _ := os.ReadFile(filepath.Join(proc, "stat"))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 || fields[1] == "1" {
		return false
	}
	parent := arguments("/proc/" + fields[1])
	return len(parent) > 0 && parent[0] != "" && !slices.ContainsFunc(parent, w.owns)
}

// arguments are those that a process was started with.
func arguments(proc string) []string {
	cmdline, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
	return strings.Split(string(cmdline), "\x00")
}

// owns says whether a path belongs to this world.
func (w *world) owns(path string) bool { return path == w.dir || strings.HasPrefix(path, w.dir+"/") }

// strange says whether a process of labctl's name outside all clusters is
// somebody else's: its home is not in this world.
func (w *world) strange(proc string) bool {
	args := arguments(proc)
	if i := slices.Index(args, "--home"); i >= 0 && i+1 < len(args) {
		return !w.owns(args[i+1])
	}
	environ, _ := os.ReadFile(filepath.Join(proc, "environ"))
	for _, name := range []string{"LABCTL_HOME=", "HOME="} {
		for variable := range bytes.SplitSeq(environ, []byte{0}) {
			if home, found := strings.CutPrefix(string(variable), name); found {
				return !w.owns(home)
			}
		}
	}
	return false
}
