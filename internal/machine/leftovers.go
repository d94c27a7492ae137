//go:build linux

package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/ledger"
	"labctl.dev/labctl/internal/node"
)

const killTimeout = 10 * time.Second

// Leftover is something of a machine that is on this computer, found without
// any state directory: a process or a cgroup, see ledger.KindProcess.
type Leftover struct{ Cluster, Kind, Name string }

// Leftovers finds machines' processes by their command line and their cgroups
// by their place, those of running ones, too.
func Leftovers() ([]Leftover, error) {
	var found []Leftover
	inits, err := findInits()
	if err != nil {
		return nil, err
	}
	for _, p := range inits {
		found = append(found, Leftover{p.cluster, ledger.KindProcess, strconv.Itoa(p.pid)})
	}
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		return nil, err
	}
	for _, h := range hierarchies {
		dirs, err := filepath.Glob(filepath.Join(h.Mount, CgroupDir, "*"))
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			if info, err := os.Stat(dir); err == nil && info.IsDir() && !hidden(dir) {
				found = append(found, Leftover{filepath.Base(dir), ledger.KindCgroup, dir})
			}
		}
	}
	return found, nil
}

// hidden tells a cgroup with processes of another PID namespace: what owns it cannot
// be seen from here either, and would look like nobody. Version 2 lists such
// processes as 0, version 1 leaves them out.
func hidden(dir string) bool {
	found := false
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "cgroup.procs" {
			data, _ := os.ReadFile(path) // it may just have been removed
			found = found || slices.Contains(strings.Fields(string(data)), "0")
		}
		return nil // likewise
	})
	return found
}

// Clear ends what is left of a cluster's machines and removes their cgroups.
func Clear(ctx context.Context, cluster string) error {
	if err := EndProcesses(ctx, cluster); err != nil {
		return err
	}
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		return err
	}
	for _, h := range hierarchies {
		if err := h.Remove(ctx, cluster); err != nil {
			return err
		}
	}
	return nil
}

// ClearOne is Clear for one machine of a cluster.
func ClearOne(ctx context.Context, cluster, name string) error {
	if err := endProcesses(ctx, func(p initProcess) bool { return p.cluster == cluster && p.name == name }, cluster, name); err != nil {
		return err
	}
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		return err
	}
	for _, h := range hierarchies {
		if err := h.Remove(ctx, cluster, name); err != nil {
			return err
		}
	}
	return nil
}

// initProcess is a running labinit: the end of it is the end of its node.
type initProcess struct {
	pid           int
	cluster, name string
}

// findInits looks through the processes of this machine.
func findInits() ([]initProcess, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for processes: %w", err)
	}
	var found []initProcess
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		cmdline, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err != nil {
			continue // it has ended meanwhile
		}
		if cluster, machine, ok := machineOf(cmdline); ok {
			found = append(found, initProcess{pid, cluster, machine})
		}
	}
	return found, nil
}

// machineOf returns the cluster and the name of the machine that a command line,
// as /proc shows it, is the init of: "labinit node ID NAME".
func machineOf(cmdline []byte) (cluster, name string, ok bool) {
	args := bytes.Split(bytes.TrimSuffix(cmdline, []byte{0}), []byte{0})
	if len(args) != 4 || filepath.Base(string(args[0])) != initName || string(args[1]) != node.Command {
		return "", "", false
	}
	return string(args[2]), string(args[3]), true
}

// EndProcesses kills the machines of a cluster and waits until they are gone, with
// everything in them.
func EndProcesses(ctx context.Context, id string) error {
	return endProcesses(ctx, func(p initProcess) bool { return p.cluster == id }, id)
}

// endProcesses kills the machines that are meant; cgroup is where they are.
func endProcesses(ctx context.Context, meant func(initProcess) bool, cgroup ...string) error {
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		return err
	}
	for _, h := range hierarchies {
		h.thaw(cgroup...)
	}
	inits, err := findInits()
	if err != nil {
		return err
	}
	for _, p := range inits {
		if !meant(p) {
			continue
		}
		if err := killAndWait(ctx, p); err != nil {
			return fmt.Errorf("end process %d, a node of %s: %w", p.pid, p.cluster, err)
		}
	}
	return nil
}

func killAndWait(ctx context.Context, p initProcess) error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	// Now that the number cannot go to another process, make sure whose it is.
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
	if cluster, name, ok := machineOf(cmdline); err != nil || !ok || cluster != p.cluster || name != p.name {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, killTimeout, true, func(context.Context) (bool, error) {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 0)
		if errors.Is(err, unix.EINTR) {
			err = nil
		}
		return n > 0, err
	})
}
