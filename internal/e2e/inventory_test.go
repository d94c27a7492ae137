//go:build e2e && linux

package e2e

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// settling is how long the kernel may take to let go of namespaces, cgroups
// and mounts after their last process.
const settling = 15 * time.Second

// inventory is what there is of labctl on this machine, one line a thing.
type inventory map[string]bool

// takeInventory looks at processes, network namespaces, mounts, interfaces,
// cgroups of every hierarchy, and the places where programs leave files.
func takeInventory(t *testing.T) inventory {
	t.Helper()
	found := inventory{}
	found.processes()
	found.mounts(t)
	found.cgroups(t)
	for _, name := range list("/sys/class/net") {
		found["interface "+name] = true
	}
	for _, name := range list("/run/netns") {
		found["network namespace "+name] = true
	}
	for _, dir := range []string{"/run", "/var/lib"} {
		for _, name := range list(dir) {
			if slices.ContainsFunc([]string{"labctl", "labinit", "containerd", "runc", "kube", "cni", "etcd"}, func(part string) bool {
				return strings.Contains(name, part)
			}) {
				found["file "+filepath.Join(dir, name)] = true
			}
		}
	}
	return found
}

// processes notes the processes of environments and their network namespaces.
func (found inventory) processes() {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		groups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		if !bytes.Contains(groups, []byte("/labctl/")) && !isOurs(strings.TrimSpace(string(comm))) {
			continue
		}
		found["process "+filepath.Base(dir)+" "+strings.ReplaceAll(string(cmdline), "\x00", " ")] = true
		if ns, err := os.Readlink(filepath.Join(dir, "ns/net")); err == nil {
			found["network namespace "+ns] = true
		}
	}
}

// isOurs says whether a process of this name can only be labctl's.
func isOurs(comm string) bool {
	return slices.Contains([]string{"labctl", "labinit", "labkube", "labapp", "labrunc"}, comm)
}

func (found inventory) mounts(t *testing.T) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	must(t, err)
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 4 {
			found["mount "+strings.Join(fields[2:5], " ")] = true
		}
	}
}

func (found inventory) cgroups(t *testing.T) {
	roots, err := filepath.Glob("/sys/fs/cgroup/*/labctl")
	must(t, err)
	for _, root := range append(roots, "/sys/fs/cgroup/labctl") {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				found["cgroup "+path] = true
			}
			return nil // it may vanish while we look
		})
	}
}

// wantSame fails unless the machine comes back to this inventory.
func (before inventory) wantSame(t *testing.T) {
	t.Helper()
	var more []string
	deadline := time.Now().Add(settling)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		more = before.more(takeInventory(t))
		if len(more) == 0 || time.Now().After(deadline) {
			break
		}
		<-tick.C
	}
	if len(more) > 0 {
		t.Errorf("left behind:\n  %s", strings.Join(more, "\n  "))
	}
}

// more lists what another inventory has that this one has not.
func (before inventory) more(now inventory) []string {
	var more []string
	for _, line := range slices.Sorted(maps.Keys(now)) {
		if !before[line] {
			more = append(more, line)
		}
	}
	return more
}
