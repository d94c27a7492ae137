//go:build linux

package embedded

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/node"
)

const mountInfo = "/proc/self/mountinfo"

// hierarchy is a cgroup hierarchy that the host has mounted.
type hierarchy struct {
	mount string
	v1    string // its controllers or name, as a mount option; empty is version 2
}

// findHierarchies reads them from a mountinfo file.
func findHierarchies(path string) ([]hierarchy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("look for cgroups: %w", err)
	}
	defer f.Close()
	var found []hierarchy
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		h, ok := parseMount(lines.Text())
		same := func(other hierarchy) bool { return other.v1 == h.v1 }
		if ok && !slices.ContainsFunc(found, same) {
			found = append(found, h)
		}
	}
	return found, lines.Err()
}

// parseMount understands one line of mountinfo:
//
//	36 35 0:29 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory
func parseMount(line string) (hierarchy, bool) {
	mount, source, ok := strings.Cut(line, " - ")
	left, right := strings.Fields(mount), strings.Fields(source)
	if !ok || len(left) < 5 || len(right) < 3 {
		return hierarchy{}, false
	}
	h := hierarchy{mount: left[4]}
	switch right[0] {
	case "cgroup2":
		return h, true
	case "cgroup":
		h.v1 = controllers(right[2])
		return h, h.v1 != ""
	}
	return hierarchy{}, false
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

// lackingControllers returns those that kubelet cannot do without and that no
// hierarchy has.
func lackingControllers(hierarchies []hierarchy) ([]string, error) {
	have := []string{}
	for _, h := range hierarchies {
		if h.v1 != "" {
			have = append(have, strings.Split(h.v1, ",")...)
			continue
		}
		data, err := os.ReadFile(filepath.Join(h.mount, "cgroup.controllers"))
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

// cgroups returns the directories that one node has, one a hierarchy.
func cgroups(hierarchies []hierarchy, cluster, name string) []node.Cgroup {
	var all []node.Cgroup
	for _, h := range hierarchies {
		all = append(all, node.Cgroup{Dir: filepath.Join(h.mount, cgroupDir, cluster, name), V1: h.v1})
	}
	return all
}
