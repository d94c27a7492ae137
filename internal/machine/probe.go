//go:build linux

package machine

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

	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/proc"
	"labctl.dev/labctl/internal/release"
)

// MinDisk is the free space, in bytes, without which a machine soon breaks.
const MinDisk = 1 << 30

// Needs is what machines need of this computer.
type Needs struct {
	What     string   // for whom, as in "the embedded engine"
	Bin      string   // the directory of labctl's helper binaries
	Home     string   // where the data will be
	Binaries []string // beside labinit
	Make     string   // what `make` builds them by
	Memory   uint64   // bytes that have to be free
}

// Probe tries what machines need, in namespaces that end with the trial, and
// returns the first thing that is missing; its What is empty if nothing is.
func Probe(ctx context.Context, n Needs) (node.Missing, error) {
	for _, try := range []func(context.Context) (node.Missing, error){
		n.probeUser, n.probeBinaries, n.probeMemory, n.probeDisk, probeCgroups, n.probeKernel,
	} {
		missing, err := try(ctx)
		if err != nil || missing.What != "" {
			return missing, err
		}
	}
	return node.Missing{}, ctx.Err()
}

func (n Needs) probeUser(context.Context) (node.Missing, error) {
	if os.Geteuid() == 0 {
		return node.Missing{}, nil
	}
	return node.Missing{
		What:   n.What + " needs root, to make namespaces and mounts of its own",
		Remedy: "run labctl start with sudo; the lab will be yours, and check, kubectl and status then need no root",
	}, nil
}

func (n Needs) probeBinaries(context.Context) (node.Missing, error) {
	var lacking []string
	for _, name := range append([]string{initName}, n.Binaries...) {
		if _, err := os.Stat(filepath.Join(n.Bin, name)); errors.Is(err, os.ErrNotExist) {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return node.Missing{}, nil
	}
	return node.Missing{
		What:   fmt.Sprintf("helper programs are missing in %s: %s", n.Bin, strings.Join(lacking, ", ")),
		Remedy: release.Restore(n.Make) + "; or point LABCTL_BIN to the directory that has them",
	}, nil
}

func (n Needs) probeMemory(context.Context) (node.Missing, error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return node.Missing{}, fmt.Errorf("look at the memory: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var kib uint64
		if found, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); found == 1 && kib<<10 < n.Memory {
			return node.Missing{
				What:   fmt.Sprintf("only %d MB of memory are free, a lab needs %d", kib>>10, n.Memory>>20),
				Remedy: "end other programs, or another lab with: labctl stop",
			}, nil
		}
	}
	return node.Missing{}, lines.Err()
}

func (n Needs) probeDisk(context.Context) (node.Missing, error) {
	dir := n.Home
	var disk unix.Statfs_t
	err := unix.Statfs(dir, &disk)
	for errors.Is(err, unix.ENOENT) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		err = unix.Statfs(dir, &disk)
	}
	if err != nil {
		return node.Missing{}, fmt.Errorf("look at the disk of %s: %w", n.Home, err)
	}
	return LackOfDisk(disk, dir), nil
}

// LackOfDisk says what to do about a disk that is too full.
func LackOfDisk(disk unix.Statfs_t, dir string) node.Missing {
	free := disk.Bavail * uint64(disk.Bsize)
	if free >= MinDisk {
		return node.Missing{}
	}
	return node.Missing{
		What:   fmt.Sprintf("only %d MB are free on the disk of %s, a lab needs %d", free>>20, dir, MinDisk>>20),
		Remedy: "free some, or set LABCTL_HOME to a directory on a larger disk",
	}
}

func probeCgroups(context.Context) (node.Missing, error) {
	hierarchies, err := FindHierarchies(MountInfo)
	if err != nil {
		return node.Missing{}, err
	}
	lacking, err := LackingControllers(hierarchies)
	if err != nil || len(lacking) == 0 {
		return node.Missing{}, err
	}
	return LackOfControllers(lacking), nil
}

// probeKernel has labinit try, in namespaces of its own.
func (n Needs) probeKernel(ctx context.Context) (node.Missing, error) {
	out, err := proc.Command{
		Path: filepath.Join(n.Bin, initName),
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
