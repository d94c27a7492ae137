//go:build linux

package machine

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/node"
)

const (
	hybrid = `24 1 0:22 / /proc rw - proc proc rw
30 23 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd
34 30 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
35 99 0:28 / /mnt/memory rw,relatime - cgroup cgroup rw,memory
`
	unified = `24 1 0:22 / /proc rw - proc proc rw
30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`
)

func TestFindHierarchies(t *testing.T) {
	tests := map[string]struct {
		mounts string
		want   []Hierarchy
	}{
		"version 1 beside 2": {hybrid, []Hierarchy{
			{"/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"}, {"/sys/fs/cgroup/memory", "memory"},
			{"/sys/fs/cgroup/systemd", "name=systemd"}, {"/sys/fs/cgroup/unified", ""},
		}},
		"version 2": {unified, []Hierarchy{{"/sys/fs/cgroup", ""}}},
		"none":      {"24 1 0:22 / /proc rw - proc proc rw\nbroken line\n", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mountinfo")
			if err := os.WriteFile(path, []byte(tt.mounts), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := FindHierarchies(path)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v\nwant %v", got, err, tt.want)
			}
		})
	}
}

func TestCgroupsOfANode(t *testing.T) {
	got := Cgroups([]Hierarchy{{"/sys/fs/cgroup/memory", "memory"}, {"/sys/fs/cgroup/unified", ""}}, "id", "lab-worker")
	want := []node.Cgroup{
		{Dir: "/sys/fs/cgroup/memory/labctl/id/lab-worker", V1: "memory"},
		{Dir: "/sys/fs/cgroup/unified/labctl/id/lab-worker"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// fakeV2 is a directory that looks like a version 2 cgroup.
func fakeV2(t *testing.T, available, enabled string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"cgroup.controllers": available, "cgroup.subtree_control": enabled} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLackingControllers(t *testing.T) {
	tests := map[string]struct {
		hierarchies []Hierarchy
		want        string
	}{
		"all of version 2":    {[]Hierarchy{{fakeV2(t, "cpuset cpu io memory pids\n", ""), ""}}, ""},
		"no memory":           {[]Hierarchy{{fakeV2(t, "cpuset cpu io pids\n", ""), ""}}, "memory"},
		"spread over the two": {[]Hierarchy{{"", "cpu,cpuacct"}, {"", "cpuset"}, {"", "pids"}, {fakeV2(t, "memory", ""), ""}}, ""},
		"nothing":             {nil, "cpu cpuset memory pids"},
	}
	for name, tt := range tests {
		got, err := LackingControllers(tt.hierarchies)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestDelegateAsksOnlyForWhatIsMissing(t *testing.T) {
	dir := fakeV2(t, "cpu hugetlb memory\n", "cpu\n")
	if err := delegate(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	if err != nil || string(got) != "+memory" {
		t.Errorf("wrote %q, %v", got, err)
	}
	if err := delegate(t.TempDir()); err == nil {
		t.Error("a directory that is no cgroup passes")
	}
}

func TestInherit(t *testing.T) {
	parent, child := t.TempDir(), t.TempDir()
	write := func(dir, text string) {
		if err := os.WriteFile(filepath.Join(dir, "cpuset.cpus"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for own, want := range map[string]string{"\n": "0-1\n", "1\n": "1\n"} {
		write(parent, "0-1\n")
		write(child, own)
		if err := inherit(parent, child, "cpuset.cpus"); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(filepath.Join(child, "cpuset.cpus")); string(got) != want {
			t.Errorf("%q became %q", own, got)
		}
	}
}

func TestMachineOf(t *testing.T) {
	tests := map[string]struct {
		cmdline string
		want    string
	}{
		"a node":           {"/opt/bin/labinit\x00node\x00my-lab\x00lab-worker\x00", "my-lablab-worker"},
		"another program":  {"/bin/grep\x00node\x00my-lab\x00lab-worker\x00", ""},
		"an applet":        {"/opt/bin/labinit\x00probe\x00", ""},
		"one that is gone": {"", ""},
		"a part of a name": {"/bin/notlabinit\x00node\x00my-lab\x00lab-worker\x00", ""},
	}
	for name, tt := range tests {
		if cluster, machine, ok := machineOf([]byte(tt.cmdline)); cluster+machine != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %q, %v", name, cluster, machine, ok)
		}
	}
}
