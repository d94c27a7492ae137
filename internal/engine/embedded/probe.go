//go:build linux

package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/proc"
)

// minMemory is the free memory, in bytes, that one node needs with a small lab.
const minMemory = 700 << 20

// Probe tries what a node needs, in namespaces that end with the trial.
func (e *Engine) Probe(ctx context.Context) (engine.Capabilities, error) {
	caps := engine.Capabilities{
		Has: []engine.Capability{
			engine.CapCluster, engine.CapMultiNode, engine.CapNodeLoss, engine.CapVolumes, engine.CapLoadImages, engine.CapFastReset,
		},
		Notes: []string{
			"seccomp profiles are accepted, but not enforced",
			"NetworkPolicies are accepted, but not enforced",
			"Services of type LoadBalancer get no address",
		},
	}
	for _, try := range []func(context.Context) (node.Missing, error){
		e.probeUser, e.probeBinaries, probeMemory, e.probeDisk, probeCgroups, e.probeKernel,
	} {
		missing, err := try(ctx)
		if err != nil {
			return engine.Capabilities{}, err
		}
		if missing.What != "" {
			caps.Reason, caps.Remedy = missing.What, missing.Remedy
			return caps, nil
		}
	}
	caps.Available = true
	return caps, ctx.Err()
}

func (e *Engine) probeUser(context.Context) (node.Missing, error) {
	if os.Geteuid() == 0 {
		return node.Missing{}, nil
	}
	return node.Missing{
		What:   "the embedded engine needs root, to make namespaces and mounts of its own",
		Remedy: "run labctl start with sudo; the lab will be yours, and check, kubectl and status then need no root",
	}, nil
}

// binaries are the programs that a node is made of.
func binaries() []string {
	return []string{initName, "labkube", "containerd", "containerd-shim-runc-v2", "runc", "bridge", "host-local", "loopback"}
}

func (e *Engine) probeBinaries(context.Context) (node.Missing, error) {
	var lacking []string
	for _, name := range binaries() {
		if _, err := os.Stat(filepath.Join(e.cfg.Bin, name)); errors.Is(err, os.ErrNotExist) {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return node.Missing{}, nil
	}
	return node.Missing{
		What:   fmt.Sprintf("helper programs are missing in %s: %s", e.cfg.Bin, strings.Join(lacking, ", ")),
		Remedy: "build them with: make build; or point LABCTL_BIN to the directory that has them",
	}, nil
}

func probeMemory(context.Context) (node.Missing, error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return node.Missing{}, fmt.Errorf("look at the memory: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var kib uint64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); n == 1 && kib<<10 < minMemory {
			return node.Missing{
				What:   fmt.Sprintf("only %d MB of memory are free, a lab needs %d", kib>>10, minMemory>>20),
				Remedy: "end other programs, or another lab with: labctl stop",
			}, nil
		}
	}
	return node.Missing{}, lines.Err()
}

func (e *Engine) probeDisk(context.Context) (node.Missing, error) {
	dir := e.cfg.Home
	var disk unix.Statfs_t
	err := unix.Statfs(dir, &disk)
	for errors.Is(err, unix.ENOENT) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		err = unix.Statfs(dir, &disk)
	}
	if err != nil {
		return node.Missing{}, fmt.Errorf("look at the disk of %s: %w", e.cfg.Home, err)
	}
	return lackOfDisk(disk, dir), nil
}

func lackOfDisk(disk unix.Statfs_t, dir string) node.Missing {
	free := disk.Bavail * uint64(disk.Bsize)
	if free >= minDisk {
		return node.Missing{}
	}
	return node.Missing{
		What:   fmt.Sprintf("only %d MB are free on the disk of %s, a lab needs %d", free>>20, dir, minDisk>>20),
		Remedy: "free some, or set LABCTL_HOME to a directory on a larger disk",
	}
}

func probeCgroups(context.Context) (node.Missing, error) {
	hierarchies, err := machine.FindHierarchies(machine.MountInfo)
	if err != nil {
		return node.Missing{}, err
	}
	lacking, err := machine.LackingControllers(hierarchies)
	if err != nil || len(lacking) == 0 {
		return node.Missing{}, err
	}
	return machine.LackOfControllers(lacking), nil
}

func lackOfControllers(lacking []string) node.Missing {
	return node.Missing{
		What:   "the cgroup controllers " + strings.Join(lacking, ", ") + " are missing",
		Remedy: "boot the kernel with: cgroup_enable=memory; in a container, mount /sys/fs/cgroup and run it with --privileged",
	}
}

// probeKernel has labinit try, in namespaces of its own.
func (e *Engine) probeKernel(ctx context.Context) (node.Missing, error) {
	out, err := proc.Command{
		Path: filepath.Join(e.cfg.Bin, initName),
		Args: []string{node.ProbeCommand},
		Attr: &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		},
	}.Output(ctx)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		return node.Missing{
			What:   "the kernel does not let labctl make namespaces: " + err.Error(),
			Remedy: "run labctl as root on the machine itself; in a container, run that with --privileged",
		}, nil
	}
	if err != nil {
		return node.Missing{}, fmt.Errorf("try what the kernel offers: %w", err)
	}
	var missing []node.Missing
	if err := json.Unmarshal(out, &missing); err != nil {
		return node.Missing{}, fmt.Errorf("try what the kernel offers: %w", err)
	}
	if len(missing) == 0 {
		return node.Missing{}, nil
	}
	return missing[0], nil
}
