package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/proc"
)

func newKubectl(s *State) *cobra.Command {
	return &cobra.Command{
		Use: "kubectl [ARG...]", Short: "Run kubectl on the environment's cluster",
		Long: "Runs the kubectl on your PATH if its version fits the cluster's, else the one that comes with labctl. " +
			"All arguments are kubectl's. A leading --env NAME chooses the environment.",
		Example:            examples(s, "kubectl get pods", "kubectl apply -f deployment.yaml", "kubectl --env second get nodes"),
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
				return cmd.Help()
			}
			name, rest := leadingEnv(args)
			env, err := s.openEnv(name)
			if err != nil {
				return err
			}
			return s.kubectl(cmd.Context(), env, rest)
		},
	}
}

// leadingEnv takes --env NAME off the front of kubectl's arguments.
func leadingEnv(args []string) (name string, rest []string) {
	if len(args) >= 2 && args[0] == "--env" {
		return args[1], args[2:]
	}
	if len(args) >= 1 && strings.HasPrefix(args[0], "--env=") {
		return strings.TrimPrefix(args[0], "--env="), args[1:]
	}
	return "", args
}

func (s *State) kubectl(ctx context.Context, env *environment.Environment, args []string) error {
	if err := needsCluster(env); err != nil {
		return err
	}
	if _, err := client(env).Status(ctx); err != nil { // kubectl would only say "connection refused"
		return err
	}
	program, err := s.findKubectl(ctx, env)
	if err != nil {
		return err
	}
	return s.foreground(proc.Command{
		Path: program[0], Args: append(program[1:], args...),
		Env: append(s.Environ, kubectlVars(env)...),
	})
}

// kubectlVars point kubectl at the environment's cluster, and its cache of what
// that cluster can do at the environment's directory: with it the cache goes,
// and nothing is left in ~/.kube.
func kubectlVars(env *environment.Environment) []string {
	return []string{"KUBECONFIG=" + env.Kubeconfig(), "KUBECACHEDIR=" + filepath.Join(env.Dir(), "kubectl-cache")}
}

func needsCluster(env *environment.Environment) error {
	if env.Nodes > 0 {
		return nil
	}
	return &environment.Problem{
		Code: environment.CodeUnsupported, Message: "the lab " + env.Lab + " has no cluster",
		Hint: "`labctl shell` opens a shell in your workspace.",
	}
}

// foreground runs a program that takes over the terminal, and ends labctl with
// its exit code. Signals are the program's own business.
func (s *State) foreground(c proc.Command) error {
	c.Stdin, c.Stdout, c.Stderr = s.Stdin, s.Stdout, s.Stderr
	p, err := c.Start()
	if err != nil {
		return err
	}
	s.terminal.Store(p)
	<-p.Done()
	var failed interface{ ExitCode() int }
	switch {
	case p.Err() == nil:
		return nil
	case errors.As(p.Err(), &failed):
		if code := failed.ExitCode(); code > 0 {
			return &verdictError{code}
		}
		return &verdictError{exitInterrupted}
	default:
		return p.Err()
	}
}
