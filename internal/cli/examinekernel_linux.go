package cli

import (
	"context"

	"labctl.dev/labctl/internal/machine"
	"labctl.dev/labctl/internal/node"
)

// examineKernel tries what the embedded engine, and the Docker Engine that labctl
// brings, need of the kernel. Engine kind needs less, so what is missing is a warning.
func (s *State) examineKernel(ctx context.Context) []doctorCheck {
	const name = "kernel"
	lacking, err := machine.LackOfCgroups()
	if err != nil {
		return []doctorCheck{{name, warning, err.Error(), ""}}
	}
	var missing []node.Missing
	if lacking.What != "" {
		missing = append(missing, lacking)
	}
	message, remedy := "has what labs need: control groups, namespaces, mounts, TAP, bridge and veth devices, nf_tables, file watchers", ""
	if s.UID != 0 {
		message, remedy = "has the control groups that labs need; the rest only root can try", "Run `sudo labctl doctor`."
	} else if tried, err := machine.Kernel(ctx, s.Bin()); err != nil {
		return []doctorCheck{{name, warning, err.Error(), ""}}
	} else {
		missing = append(missing, tried...)
	}
	if len(missing) == 0 {
		return []doctorCheck{{name, healthy, message, remedy}}
	}
	checks := make([]doctorCheck, len(missing))
	for i, m := range missing {
		checks[i] = doctorCheck{name, warning, m.What, m.Remedy}
	}
	return checks
}
