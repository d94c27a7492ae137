package cli

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
	"labctl.dev/labctl/internal/lab/nearest"
)

// addEnv gives a command the flag --env.
func (s *State) addEnv(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "env", "", "the environment's `name` (default: the current one)")
	_ = cmd.RegisterFlagCompletionFunc("env", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		home, err := s.home()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, _ := home.Names()
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// meant is the environment that a command means when it names none: that of the
// shell that labctl opened, else the current one; empty if there is none.
func (s *State) meant(home environment.Home) (string, error) {
	if name := s.Getenv("LABCTL_ENV"); name != "" {
		return name, nil
	}
	return home.Current()
}

// openEnv opens an environment by name, or the one that is meant.
func (s *State) openEnv(name string) (*environment.Environment, error) {
	home, err := s.home()
	if err != nil {
		return nil, err
	}
	if name == "" {
		if name, err = s.meant(home); err != nil {
			return nil, err
		}
	}
	env, err := home.Open(name)
	if err != nil {
		return nil, s.suggestEnv(home, name, err)
	}
	return env, nil
}

// suggestEnv adds the environment that was probably meant to an error.
func (s *State) suggestEnv(home environment.Home, name string, err error) error {
	var p *environment.Problem
	if name == "" || !errors.As(err, &p) || p.Code != environment.CodeNoEnvironment {
		return err
	}
	names, listErr := home.Names()
	if listErr != nil || len(names) == 0 || slices.Contains(names, name) {
		return err
	}
	with := *p
	with.Message += "; " + nearest.Suggestion(name, names)
	return &with
}

// client asks the supervisor of an environment.
func client(env *environment.Environment) *supervisor.Client {
	return supervisor.Connect(env.Name, env.Dir())
}

// checkEnvName refuses names that cannot be a directory and a host everywhere.
func checkEnvName(name string) error {
	if environment.ValidName(name) {
		return nil
	}
	return usage("Use lower-case letters, digits and dashes, at most 40.", "%q cannot be the name of an environment", name)
}

// maxArgs refuses more than n arguments.
func maxArgs(n int, message string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usage("Run `"+cmd.CommandPath()+" --help`.", "%s, not %d", message, len(args))
		}
		return nil
	}
}

// orEmpty makes a list that JSON shows as [], not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
