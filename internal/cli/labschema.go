package cli

import (
	"io/fs"

	"github.com/spf13/cobra"
)

func newLabSchema(s *State) *cobra.Command {
	var cases bool
	cmd := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of lab.yaml, for editors", Args: maxArgs(0, "schema takes no arguments"),
		Example: examples(s, "lab schema > lab.schema.json", "lab schema --verdict"),
		RunE: func(*cobra.Command, []string) error {
			name := "lab.schema.json"
			if cases {
				name = "verdict.schema.json"
			}
			data, err := fs.ReadFile(s.Catalogue, name)
			if err != nil {
				return err
			}
			_, err = s.Stdout.Write(data)
			return err
		},
	}
	cmd.Flags().BoolVar(&cases, "verdict", false, "print the schema of verdict.yaml instead")
	return cmd
}
