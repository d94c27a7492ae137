package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// newNode is the command that takes a node away and brings it back.
func newNode(s *State) *cobra.Command {
	cmd := &cobra.Command{
		Use: "node", Short: "Take a node of the cluster away, or bring it back",
		Example: examples(s, "node stop lab-worker", "node start lab-worker"),
		Args:    s.noSuchCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		nodeAction(s, "stop", "Cut a node's power", "is off"),
		nodeAction(s, "start", "Switch a node on again", "is on"))
	return cmd
}

func nodeAction(s *State, action, short, done string) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: action + " NODE", Short: short, Example: examples(s, "node "+action+" lab-worker"),
		Args: oneArg("name one node", "`labctl kubectl get nodes` lists them."),
		RunE: func(cmd *cobra.Command, args []string) error {
			env, err := s.openEnv(name)
			if err != nil {
				return err
			}
			if err := client(env).Node(cmd.Context(), args[0], action); err != nil {
				return goesOn(cmd.Context(), err, "the "+action+" of the node "+args[0], env.Name)
			}
			fmt.Fprintf(s.Stdout, "%s %s.\n", args[0], done)
			return nil
		},
	}
	s.addEnv(cmd, &name)
	return cmd
}
