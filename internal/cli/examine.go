package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/release"
	"labctl.dev/labctl/internal/space"
)

// minDisk and minMemory are what a small lab takes of this machine, in bytes.
// Engines and components look for themselves at what each of them needs.
const (
	minDisk   = 1 << 30
	minMemory = 1 << 30
)

func (s *State) examine(ctx context.Context) doctorDocument {
	doc := doctorDocument{version1(), true, []doctorCheck{s.examineHome(), s.examineDisk(), examineMemory(), s.examineBin()}}
	doc.Checks = append(doc.Checks, s.examineKernel(ctx)...)
	doc.Checks = append(doc.Checks, s.examineDocker(ctx)...)
	clusters := 0
	for _, e := range s.Engines {
		check, cluster := s.examineEngine(ctx, e)
		doc.Checks = append(doc.Checks, check)
		if cluster {
			clusters++
		}
	}
	for _, c := range s.Components {
		doc.Checks = append(doc.Checks, s.examineComponent(ctx, c))
	}
	if clusters == 0 {
		doc.OK = false
	}
	for _, c := range doc.Checks {
		if c.State == failed {
			doc.OK = false
		}
	}
	return doc
}

func (s *State) examineHome() doctorCheck {
	home, err := s.home()
	if err != nil {
		return doctorCheck{"state directory", failed, err.Error(), faultOf(err).Hint}
	}
	dir := home.Dir // where it is to be made, if it is not there
	for _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir); _, err = os.Stat(dir) {
		dir = filepath.Dir(dir)
	}
	probe, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return doctorCheck{"state directory", failed, err.Error(), "Make it writable, or set LABCTL_HOME to a directory that is."}
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return doctorCheck{"state directory", healthy, home.Dir, ""}
}

// examineDisk looks where the state is; Docker's disk is Docker's matter.
func (s *State) examineDisk() doctorCheck {
	const name = "disk"
	home, err := s.home()
	if err != nil {
		return doctorCheck{name, failed, err.Error(), faultOf(err).Hint}
	}
	free, existing, err := space.Disk(home.Dir)
	if err != nil {
		return doctorCheck{name, failed, err.Error(), "Set LABCTL_HOME to a directory that can be read."}
	}
	message := fmt.Sprintf("%s are free in %s; a lab needs %s", space.Size(free), existing, space.Size(minDisk))
	if free < minDisk {
		return doctorCheck{name, warning, message, "Free some, or set LABCTL_HOME to a directory on a larger disk. `labctl gc` removes what crashes have left."}
	}
	return doctorCheck{name, healthy, message, ""}
}

func examineMemory() doctorCheck {
	const name = "memory"
	free, known, err := space.Memory()
	if err != nil {
		return doctorCheck{name, warning, err.Error(), ""}
	}
	if !known {
		return doctorCheck{name, healthy, "labs run in Docker's virtual machine here, which has memory of its own", ""}
	}
	message := fmt.Sprintf("%s are free; a cluster needs %s", space.Size(free), space.Size(minMemory))
	if free < minMemory {
		return doctorCheck{name, warning, message, "End other programs, or another lab with `labctl stop`."}
	}
	return doctorCheck{name, healthy, message, ""}
}

// helpers are the programs that belong beside labctl on an operating system.
func helpers(goos string) []string {
	if goos != "linux" { // only engine kind is there
		return []string{"labapp-linux-amd64", "labapp-linux-arm64", labkubeName(goos)}
	}
	return []string{"labapp", "labinit", "labkube", "containerd", "containerd-shim-runc-v2", "runc", "bridge", "host-local", "loopback"}
}

func (s *State) examineBin() doctorCheck {
	var missing []string
	for _, name := range helpers(runtime.GOOS) {
		if _, err := os.Stat(filepath.Join(s.Bin(), name)); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return doctorCheck{"helper binaries", healthy, s.Bin(), ""}
	}
	return doctorCheck{"helper binaries", failed, fmt.Sprintf("%s lacks %s", s.Bin(), strings.Join(missing, ", ")),
		release.Restore("build") + "; or point LABCTL_BIN to the directory that has them"}
}

// examineEngine also says whether the engine can provide a cluster here.
func (s *State) examineEngine(ctx context.Context, e engine.Engine) (doctorCheck, bool) {
	name := "engine " + e.Name()
	caps, err := e.Probe(ctx)
	switch {
	case err != nil:
		return doctorCheck{name, failed, err.Error(), ""}, false
	case !caps.Available:
		return doctorCheck{name, warning, caps.Reason, caps.Remedy}, false
	}
	message := "can run here: " + join(caps.Has)
	if len(caps.Has) == 0 {
		message = "can run here, for labs without a cluster"
	}
	if len(caps.Notes) > 0 {
		message += "; " + strings.Join(caps.Notes, "; ")
	}
	cluster := len(engine.Capabilities{Has: caps.Has}.Lacking([]engine.Capability{engine.CapCluster})) == 0
	return doctorCheck{name, healthy, message, ""}, cluster
}

// examineComponent looks at a part that only some labs need.
func (s *State) examineComponent(ctx context.Context, c component.Component) doctorCheck {
	name := "component " + c.Name()
	home, err := s.home()
	if err != nil {
		return doctorCheck{name, failed, err.Error(), faultOf(err).Hint}
	}
	if c.Name() == dockerName {
		if host, trouble, err := s.askDocker(ctx); err == nil && trouble.What == "" {
			return doctorCheck{name, healthy, "can run here, for labs that need it: in your own Docker Engine at " + host, ""}
		}
	}
	missing, err := c.Probe(ctx, s.Bin(), home.Dir, "")
	switch {
	case err != nil:
		return doctorCheck{name, failed, err.Error(), ""}
	case missing.What != "":
		return doctorCheck{name, warning, missing.What, missing.Remedy}
	}
	return doctorCheck{name, healthy, "can run here, for labs that need it", ""}
}
