package cli

import (
	"fmt"

	"github.com/spf13/cobra"
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

func (s *State) printDoctor(doc doctorDocument) {
	c := s.out()
	marks := map[string]string{healthy: c.green("ok"), warning: c.yellow("warning"), failed: c.red("failed")}
	said := map[string]bool{} // what helps more than one of them
	for _, check := range doc.Checks {
		fmt.Fprintf(s.Stdout, "%s: %s: %s\n", marks[check.State], check.Name, check.Message)
		if check.Remedy != "" && !said[check.Remedy] {
			fmt.Fprintf(s.Stdout, "    %s\n", s.Typed(check.Remedy))
		}
		said[check.Remedy] = true
	}
	if doc.OK {
		fmt.Fprintln(s.Stdout, "labctl can run labs with a cluster here.")
	}
}
