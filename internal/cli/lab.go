package cli

import "github.com/spf13/cobra"

// newLab gathers the commands of lab authors.
func newLab(s *State) *cobra.Command {
	cmd := &cobra.Command{
		Use: "lab", Short: "Write labs: make, lint, prove",
		Example: examples(s, "lab new my-lab", "lab lint ./my-lab", "lab test ./my-lab"),
		Args:    s.noSuchCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLabNew(s), newLabLint(s), newLabSchema(s), newLabTest(s))
	return cmd
}
