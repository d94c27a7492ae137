package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/lab/scaffold"
)

type labNewDocument struct {
	versioned
	Lab string `json:"lab"`
	Dir string `json:"dir"`
}

func newLabNew(s *State) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use: "new NAME", Short: "Make a small, complete lab to start from, in a directory below this one",
		Example: examples(s, "lab new my-lab"), Args: oneArg("name the new lab", ""),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := scaffold.New(s.Dir, args[0])
			if err != nil {
				return usage("", "%w", err)
			}
			if output == formatJSON {
				return printJSON(s.Stdout, labNewDocument{version1(), args[0], dir})
			}
			path := s.asPath(dir)
			fmt.Fprintf(s.Stdout, "Made %s\n\nNext:\n", path)
			for _, step := range []string{"lab lint " + path, "lab test " + path + " --trust", "start " + path + " --trust"} {
				fmt.Fprintf(s.Stdout, "  %s %s\n", s.Program(), step)
			}
			return nil
		},
	}
	addOutput(cmd, &output)
	return cmd
}

// oneArg asks for exactly one argument.
func oneArg(message, hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		if hint == "" {
			hint = "Run `" + cmd.CommandPath() + " --help`."
		}
		return usage(hint, "%s", message)
	}
}
