//go:build linux

package machine

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/node"
)

// MountInfo is the file that FindHierarchies reads.
const MountInfo = "/proc/self/mountinfo"

// Hierarchy is a cgroup hierarchy that the host has mounted.
type Hierarchy struct {
	Mount string
	V1    string // its controllers or name, as a mount option; empty is version 2
}

// FindHierarchies reads them from a mountinfo file.
func FindHierarchies(path string) ([]Hierarchy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("look for cgroups: %w", err)
	}
	defer f.Close()
	var found []Hierarchy
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		h, ok := parseMount(lines.Text())
		same := func(other Hierarchy) bool { return other.V1 == h.V1 }
		if ok && !slices.ContainsFunc(found, same) {
			found = append(found, h)
		}
	}
	return found, lines.Err()
}

// parseMount understands one line of mountinfo:
//
//	36 35 0:29 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory
func parseMount(line string) (Hierarchy, bool) {
	mount, source, ok := strings.Cut(line, " - ")
	left, right := strings.Fields(mount), strings.Fields(source)
	if !ok || len(left) < 5 || len(right) < 3 {
		return Hierarchy{}, false
	}
	h := Hierarchy{Mount: left[4]}
	switch right[0] {
	case "cgroup2":
		return h, true
	case "cgroup":
		h.V1 = controllers(right[2])
		return h, h.V1 != ""
	}
	return Hierarchy{}, false
}

// controllers picks out of a version 1 mount's options what names it.
func controllers(options string) string {
	var names []string
	for o := range strings.SplitSeq(options, ",") {
		if strings.HasPrefix(o, "name=") {
			return o
		}
		if slices.Contains(v1Controllers(), o) {
			names = append(names, o)
		}
	}
	return strings.Join(names, ",")
}

func v1Controllers() []string {
	return []string{
		"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb",
		"memory", "misc", "net_cls", "net_prio", "perf_event", "pids", "rdma",
	}
}

// LackingControllers returns those that containers cannot do without and that no
// hierarchy has.
func LackingControllers(hierarchies []Hierarchy) ([]string, error) {
	have := []string{}
	for _, h := range hierarchies {
		if h.V1 != "" {
			have = append(have, strings.Split(h.V1, ",")...)
			continue
		}
		data, err := os.ReadFile(filepath.Join(h.Mount, "cgroup.controllers"))
		if err != nil {
			return nil, fmt.Errorf("look for cgroup controllers: %w", err)
		}
		have = append(have, strings.Fields(string(data))...)
	}
	var lacking []string
	for _, c := range []string{"cpu", "cpuset", "memory", "pids"} {
		if !slices.Contains(have, c) {
			lacking = append(lacking, c)
		}
	}
	return lacking, nil
}

// Cgroups returns the directories that one machine has, one a hierarchy.
func Cgroups(hierarchies []Hierarchy, cluster, name string) []node.Cgroup {
	var all []node.Cgroup
	for _, h := range hierarchies {
		all = append(all, node.Cgroup{Dir: filepath.Join(h.Mount, CgroupDir, cluster, name), V1: h.V1})
	}
	return all
}
