package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine"
)

type doctorDocument struct {
	versioned
	OK     bool          `json:"ok"`
	Checks []doctorCheck `json:"checks"`
}

// doctorCheck is one thing that labctl depends on.
type doctorCheck struct {
	Name    string `json:"name"`
	State   string `json:"state"` // ok, warning, failed
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

const (
	healthy = "ok"
	warning = "warning"
	failed  = "failed"
)

func newDoctor(s *State) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use: "doctor", Short: "See whether this machine has what labctl needs", Args: maxArgs(0, "doctor takes no arguments"),
		Example: examples(s, "doctor", "doctor -o json"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc := s.examine(cmd.Context())
			if output == formatJSON {
				if err := printJSON(s.Stdout, doc); err != nil {
					return err
				}
			} else {
				s.printDoctor(doc)
			}
			if !doc.OK {
				return &verdictError{exitEnvironment}
			}
			return nil
		},
	}
	addOutput(cmd, &output)
	return cmd
}

func (s *State) examine(ctx context.Context) doctorDocument {
	doc := doctorDocument{version1(), true, []doctorCheck{s.examineHome(), s.examineBin()}}
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

func (s *State) examineBin() doctorCheck {
	var missing []string
	for _, name := range []string{"labapp", "labinit", "labkube", "containerd", "containerd-shim-runc-v2", "runc", "bridge", "host-local", "loopback"} {
		if _, err := os.Stat(filepath.Join(s.Bin(), name)); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return doctorCheck{"helper binaries", healthy, s.Bin(), ""}
	}
	return doctorCheck{"helper binaries", failed, fmt.Sprintf("%s lacks %s", s.Bin(), strings.Join(missing, ", ")),
		"Run `make build`, or set LABCTL_BIN to the directory that holds them."}
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

func (s *State) printDoctor(doc doctorDocument) {
	c := s.out()
	marks := map[string]string{healthy: c.green("ok"), warning: c.yellow("warning"), failed: c.red("failed")}
	for _, check := range doc.Checks {
		fmt.Fprintf(s.Stdout, "%s: %s: %s\n", marks[check.State], check.Name, check.Message)
		if check.Remedy != "" {
			fmt.Fprintf(s.Stdout, "    %s\n", s.Typed(check.Remedy))
		}
	}
	if doc.OK {
		fmt.Fprintln(s.Stdout, "labctl can run labs with a cluster here.")
	}
}
