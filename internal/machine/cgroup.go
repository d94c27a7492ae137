//go:build linux

package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const cgroupTimeout = 5 * time.Second

// CgroupDir is where all of labctl's cgroups are in each hierarchy; below it
// come the cluster's id and the node's name.
const CgroupDir = "labctl"

// Make makes the cgroup of a machine and those above it.
func (h Hierarchy) Make(id, name string) error {
	// Whoever removes the last cluster at this moment takes the directory above
	// from under us: where it is gone before or after it is opened.
	deadline := time.Now().Add(cgroupTimeout)
	for {
		err := h.tryMake(CgroupDir, id, name)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENODEV) || time.Now().After(deadline) {
			return err
		}
	}
}

func (h Hierarchy) tryMake(path ...string) error {
	dir := h.Mount
	for _, part := range path {
		if h.V1 == "" {
			if err := delegate(dir); err != nil {
				return err
			}
		}
		parent := dir
		dir = filepath.Join(dir, part)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make a cgroup: %w%s", err, readOnlyHint(err))
		}
		if slices.Contains(strings.Split(h.V1, ","), "cpuset") {
			if err := inherit(parent, dir, "cpuset.cpus", "cpuset.mems"); err != nil {
				return err
			}
		}
	}
	return nil
}

func readOnlyHint(err error) string {
	if errors.Is(err, syscall.EROFS) {
		return "; in a container, run that with --privileged"
	}
	return ""
}

// delegate makes the controllers that nodes need available to the children of
// a version 2 cgroup.
func delegate(dir string) error {
	available, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("look for cgroup controllers: %w", err)
	}
	control := filepath.Join(dir, "cgroup.subtree_control")
	enabled, err := os.ReadFile(control)
	if err != nil {
		return fmt.Errorf("look for cgroup controllers: %w", err)
	}
	for _, c := range []string{"cpu", "cpuset", "io", "memory", "pids"} {
		if !slices.Contains(strings.Fields(string(available)), c) || slices.Contains(strings.Fields(string(enabled)), c) {
			continue
		}
		if err := os.WriteFile(control, []byte("+"+c), 0); err != nil {
			return fmt.Errorf("delegate the cgroup controller %s (in a container, run that with --cgroupns=host or under an init): %w%s", c, err, readOnlyHint(err))
		}
	}
	return nil
}

// inherit copies settings that a new version 1 cgroup lacks, and without which
// no process may enter it.
func inherit(parent, dir string, names ...string) error {
	for _, name := range names {
		own, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("set up a cgroup: %w", err)
		}
		if strings.TrimSpace(string(own)) != "" {
			continue
		}
		value, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil {
			return fmt.Errorf("set up a cgroup: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), value, 0); err != nil {
			return fmt.Errorf("set up a cgroup: %w", err)
		}
	}
	return nil
}

// Remove removes the cgroups of a cluster, or of some of its machines, and
// labctl's own directory when it was the last. The kernel lets go of a cgroup a
// moment after its last process, so this waits, as long as ctx lives.
func (h Hierarchy) Remove(ctx context.Context, id string, machines ...string) error {
	base := filepath.Join(h.Mount, CgroupDir)
	targets := []string{filepath.Join(base, id)}
	if len(machines) > 0 {
		targets = nil
		for _, n := range machines {
			targets = append(targets, filepath.Join(base, id, n))
		}
	}
	for _, dir := range targets {
		if err := RemoveCgroup(ctx, dir); err != nil {
			return err
		}
	}
	// These fail while others use them, which is right.
	_ = syscall.Rmdir(filepath.Join(base, id))
	_ = syscall.Rmdir(base)
	return nil
}

// thaw lets what is frozen in a cluster's cgroups, or in those of one machine,
// go on: a frozen process of version 1 does not even die.
func (h Hierarchy) thaw(path ...string) {
	root := filepath.Join(append([]string{h.Mount, CgroupDir}, path...)...)
	_ = filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // cgroups come and go
		}
		for file, awake := range map[string]string{"freezer.state": "THAWED", "cgroup.freeze": "0"} {
			if f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0); err == nil {
				_, _ = f.WriteString(awake) // its cgroup may just have gone
				f.Close()
			}
		}
		return nil
	})
}

// RemoveCgroup removes a cgroup and those below it. It waits, as long as ctx
// lives and at most a few seconds, until its last process is gone.
func RemoveCgroup(ctx context.Context, dir string) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, cgroupTimeout, true, func(context.Context) (bool, error) {
		last = removeTree(dir)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("remove the cgroup %s: %w", dir, errors.Join(last, ctx.Err()))
	}
	return nil
}

// removeTree removes a cgroup and those below it: rmdir, the deepest first.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
