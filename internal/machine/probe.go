//go:build linux

package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"labctl.dev/labctl/internal/node"
	"labctl.dev/labctl/internal/proc"
	"labctl.dev/labctl/internal/release"
	"labctl.dev/labctl/internal/space"
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
	free, _, err := space.Memory()
	if err != nil || free >= n.Memory {
		return node.Missing{}, err
	}
	return node.Missing{
		What:   fmt.Sprintf("only %s of memory are free, a lab needs %s", space.Size(free), space.Size(n.Memory)),
		Remedy: "end other programs, or another lab with: labctl stop",
	}, nil
}

func (n Needs) probeDisk(context.Context) (node.Missing, error) { return LackOfDisk(n.Home) }

// LackOfDisk says what to do about the disk of a directory if it is too full. The
// directory need not exist yet.
func LackOfDisk(dir string) (node.Missing, error) {
	free, existing, err := space.Disk(dir)
	if err != nil || free >= MinDisk {
		return node.Missing{}, err
	}
	return node.Missing{
		What:   fmt.Sprintf("only %s are free on the disk of %s, a lab needs %s", space.Size(free), existing, space.Size(MinDisk)),
		Remedy: "free some, or set LABCTL_HOME to a directory on a larger disk",
	}, nil
}

func probeCgroups(context.Context) (node.Missing, error) { return LackOfCgroups() }

// LackOfCgroups says what machines need of the control groups and this kernel's lack; its
// What is empty if nothing is.
func LackOfCgroups() (node.Missing, error) {
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
	missing, err := Kernel(ctx, n.Bin)
	if err != nil || len(missing) == 0 {
		return node.Missing{}, err
	}
	return missing[0], nil
}

// Kernel lists what machines need of the kernel and this one's lacks, by having
// labinit in bin try it, in namespaces that end with the trial. It takes root.
func Kernel(ctx context.Context, bin string) ([]node.Missing, error) {
	out, err := proc.Command{
		Path: filepath.Join(bin, initName),
		Args: []string{node.ProbeCommand},
		Attr: &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		},
	}.Output(ctx)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		return []node.Missing{{
			What:   "the kernel does not let labctl make namespaces: " + err.Error(),
			Remedy: "run labctl as root on the machine itself; in a container, run that with --privileged",
		}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("try what the kernel offers: %w", err)
	}
	var missing []node.Missing
	if err := json.Unmarshal(out, &missing); err != nil {
		return nil, fmt.Errorf("try what the kernel offers: %w", err)
	}
	return missing, nil
}
