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

// inventory is what there is of labctl on this machine, one line a thing. What
// belongs to environments outside the world is left out.
type inventory struct {
	world  *world
	others []string // clusters that are not the world's
	things map[string]bool
}

// inventory looks at processes, network namespaces, mounts, interfaces,
// cgroups of every hierarchy, and the places where programs leave files.
func (w *world) inventory() inventory {
	w.t.Helper()
	found := inventory{w, w.others(), map[string]bool{}}
	found.processes()
	found.mounts(w.t)
	found.cgroups(w.t)
	for _, name := range list("/sys/class/net") {
		found.things["interface "+name] = true
	}
	for _, name := range list("/run/netns") {
		found.things["network namespace "+name] = true
	}
	for _, dir := range []string{"/run", "/var/lib"} {
		for _, name := range list(dir) {
			if slices.ContainsFunc([]string{"labctl", "labinit", "containerd", "runc", "kube", "cni", "etcd"}, func(part string) bool {
				return strings.Contains(name, part)
			}) {
				found.things["file "+filepath.Join(dir, name)] = true
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
		if bytes.Contains(groups, []byte("/labctl/")) {
			if found.elsewhere(string(groups)) {
				continue
			}
		} else if !isOurs(strings.TrimSpace(string(comm))) || found.world.strange(dir) {
			continue
		}
		found.things["process "+filepath.Base(dir)+" "+strings.ReplaceAll(string(cmdline), "\x00", " ")] = true
		if ns, err := os.Readlink(filepath.Join(dir, "ns/net")); err == nil {
			found.things["network namespace "+ns] = true
		}
	}
}

// elsewhere says whether a cgroup belongs to a cluster that is not the world's.
func (found inventory) elsewhere(cgroup string) bool {
	return slices.ContainsFunc(found.others, func(id string) bool { return strings.Contains(cgroup+"/", "/labctl/"+id+"/") })
}

// isOurs says whether a process of this name can only be labctl's.
func isOurs(comm string) bool {
	return slices.Contains([]string{"labctl", "labinit", "labkube", "labapp", "labrunc"}, comm)
}

func (found inventory) mounts(t *testing.T) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	must(t, err)
	docker := os.Getenv("WITHDOCKER_DIR") // what it mounts is told by what is in it
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 4 && (docker == "" || !strings.HasPrefix(fields[4], docker+"/")) {
			found.things["mount "+strings.Join(fields[2:5], " ")] = true
		}
	}
}

func (found inventory) cgroups(t *testing.T) {
	roots, err := filepath.Glob("/sys/fs/cgroup/*/labctl")
	must(t, err)
	for _, root := range append(roots, "/sys/fs/cgroup/labctl") {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && !found.elsewhere(path) && (path != root || len(found.others) == 0) {
				found.things["cgroup "+path] = true
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
		more = before.more(before.world.inventory())
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
	for _, line := range slices.Sorted(maps.Keys(now.things)) {
		if !before.things[line] {
			more = append(more, line)
		}
	}
	return more
}
