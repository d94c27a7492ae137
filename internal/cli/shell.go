package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/proc"
)

func newShell(s *State) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "shell", Short: "Open your shell in the workspace, with kubectl at hand",
		Long: "Opens $SHELL in the environment's workspace. KUBECONFIG points at the cluster, DOCKER_HOST at Docker, if the lab has them; kubectl or docker, and labctl, are on the PATH. " +
			"Your own ~/.kube/config is not touched.",
		Example: examples(s, "shell", "shell --env second"),
		Args:    maxArgs(0, "shell takes no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			env, err := s.openEnv(name)
			if err != nil {
				return err
			}
			return s.shell(cmd.Context(), env)
		},
	}
	s.addEnv(cmd, &name)
	return cmd
}

// binDir holds the programs that labctl puts on the PATH of a shell.
func binDir(env *environment.Environment) string { return filepath.Join(env.Dir(), "bin") }

func (s *State) shell(ctx context.Context, env *environment.Environment) error {
	if _, err := client(env).Status(ctx); err != nil { // a shell whose kubectl leads nowhere helps nobody
		return err
	}
	if err := s.fillBin(ctx, env); err != nil {
		return err
	}
	shell := cmp.Or(s.Getenv("SHELL"), "/bin/sh")
	args, err := s.shellArgs(env, shell)
	if err != nil {
		return err
	}
	vars := append(s.Environ,
		"PATH="+binDir(env)+string(os.PathListSeparator)+s.Getenv("PATH"),
		"LABCTL_ENV="+env.Name, "LABCTL_HOME="+env.Home.Dir)
	if env.Nodes > 0 {
		vars = append(vars, kubectlVars(env)...)
	}
	for _, c := range s.componentsOf(env) {
		vars = append(vars, c.Variables(env.Part(c.Name(), s.Bin()))...)
	}
	if s.StderrTTY {
		fmt.Fprintf(s.Stderr, "You are in the workspace of %s. `exit` leaves it; the environment goes on.\n", env.Name)
	}
	return s.foreground(proc.Command{Path: shell, Args: args, Env: vars, Dir: env.WorkspaceDir()})
}

// componentsOf are the components that an environment has.
func (s *State) componentsOf(env *environment.Environment) []component.Component {
	return slices.DeleteFunc(slices.Clone(s.Components), func(c component.Component) bool { return !slices.Contains(env.Components, c.Name()) })
}

// fillBin puts kubectl, if the host's does not fit, and labctl into binDir.
func (s *State) fillBin(ctx context.Context, env *environment.Environment) error {
	dir := binDir(env)
	if err := env.Home.Make(dir); err != nil {
		return err
	}
	scripts := map[string][]string{"labctl": {s.Executable}}
	if env.Nodes > 0 {
		kubectl, err := s.findKubectl(ctx, env)
		if err != nil {
			return err
		}
		scripts["kubectl"] = kubectl
	}
	for _, c := range s.componentsOf(env) {
		for _, program := range c.Programs() {
			scripts[program] = []string{filepath.Join(s.Bin(), program)}
		}
	}
	for name, command := range scripts {
		if err := env.Home.Script(filepath.Join(dir, name), command); err != nil {
			return err
		}
	}
	return nil
}

// shellArgs are the arguments that make a shell say in its prompt where it is.
func (s *State) shellArgs(env *environment.Environment, shell string) ([]string, error) {
	switch filepath.Base(shell) {
	case "bash":
		rc := filepath.Join(binDir(env), ".bashrc")
		text := fmt.Sprintf("[ -f ~/.bashrc ] && . ~/.bashrc\nPS1=\"(%s) $PS1\"\nPATH=%s:$PATH\n", env.Name, environment.Quote(binDir(env)))
		return []string{"--rcfile", rc}, env.Home.Write(rc, []byte(text), 0o644)
	case "fish":
		return []string{"-C", "functions -c fish_prompt _labctl_prompt; function fish_prompt; echo -n '(" + env.Name + ") '; _labctl_prompt; end"}, nil
	default:
		return nil, nil
	}
}
