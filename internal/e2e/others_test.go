//go:build e2e && linux

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// others are the clusters of this machine's other environments: those whose
// supervisor lives and has a home outside this world. They may come and go
// while a test runs.
func (w *world) others() []string {
	var ids []string
	cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range cmdlines {
		cmdline, _ := os.ReadFile(path)
		args := strings.Split(string(cmdline), "\x00")
		if len(args) < 6 || args[1] != "supervise" || args[2] != "--home" || args[4] != "--env" || w.owns(args[3]) {
			continue
		}
		data, _ := os.ReadFile(filepath.Join(args[3], "envs", args[5], "id"))
		if _, id, found := strings.Cut(strings.TrimSpace(string(data)), " "); found {
			ids = append(ids, id)
		}
	}
	return ids
}

// owns says whether a path belongs to this world.
func (w *world) owns(path string) bool { return path == w.dir || strings.HasPrefix(path, w.dir+"/") }

// strange says whether a process of labctl's name outside all clusters is
// somebody else's: its home is not in this world.
func (w *world) strange(proc string) bool {
	cmdline, err := os.ReadFile(filepath.Join(proc, "cmdline"))
	if err != nil {
		return false
	}
	args := strings.Split(string(cmdline), "\x00")
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
