package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/check/script"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
	"labctl.dev/labctl/internal/lab/nearest"
	"labctl.dev/labctl/internal/proc"
)

type checkOptions struct {
	s       *State
	output  format
	env     string
	only    []string
	watch   bool
	explain bool
}

type checkDocument struct {
	versioned
	check.Report
}

func newCheck(s *State) *cobra.Command {
	o := &checkOptions{s: s}
	cmd := &cobra.Command{
		Use: "check [TASK|TASK/CHECK...]", Short: "See whether what you built works",
		Long: "Checks all tasks, or those named. A check that needs others runs these, too.\n\n" +
			"With --watch the results change as you work; checks that disturb the environment are left to `labctl check`. " +
			"With --explain every probe is shown, and causes that give away the fix.\n\nExit codes:\n" + exitTable(),
		Example:           examples(s, "check", "check expose", "check expose/answers --explain", "check --watch"),
		ValidArgsFunction: s.completeTasks(&o.env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.only = args
			return o.run(cmd.Context())
		},
	}
	addOutput(cmd, &o.output)
	s.addEnv(cmd, &o.env)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "follow the environment and update the results as you work")
	cmd.Flags().BoolVarP(&o.explain, "explain", "x", false, "show every probe, and causes that give away the fix")
	return cmd
}

func (o *checkOptions) run(ctx context.Context) error {
	seat, err := o.s.sit(o.env)
	if err != nil {
		return err
	}
	runner, err := o.s.runner(ctx, seat)
	if err != nil {
		return err
	}
	defer runner.Close()
	if o.watch {
		return o.watchResults(ctx, runner)
	}
	live := o.s.newLive(o.output == formatJSON)
	report, err := runner.Run(ctx, check.Options{Only: o.only, Explain: o.explain, OnResult: live.result, OnWait: live.wait})
	live.close()
	if err != nil {
		return o.explainError(ctx, report, err)
	}
	learned, unread := seat.learned(report)
	if unwritten := errors.Join(unread, o.s.remember(seat.env, report)); unwritten != nil {
		// The verdict stands, and counts; it is only not remembered.
		fmt.Fprintf(o.s.Stderr, "%s this run is not in your history: %v\n%s\n", o.s.err().yellow("note:"), unwritten, o.s.Typed(faultOf(unwritten).Hint))
	}
	if o.output == formatJSON {
		err = printJSON(o.s.Stdout, checkDocument{version1(), report})
	} else {
		o.s.printReport(report, o.explain)
		o.s.pointOut(learned)
	}
	return errors.Join(err, verdictExit(report.Verdict))
}

// explainError says what a run that was not finished came to.
func (o *checkOptions) explainError(ctx context.Context, report check.Report, err error) error {
	var unknown *check.UnknownError
	switch {
	case errors.As(err, &unknown):
		return &environment.Problem{
			Code:    environment.CodeUnknownArgument,
			Message: "there is no task or check \"" + unknown.Name + "\"; " + nearest.Suggestion(unknown.Name, unknown.Known),
			Hint:    "Run `labctl tasks` for the list.",
		}
	case ctx.Err() != nil:
		return o.interrupted(report)
	}
	return err
}

// interrupted shows what was found by then, and says whether the environment is
// as it was before.
func (o *checkOptions) interrupted(report check.Report) error {
	if len(report.Tasks) > 0 && o.output == formatJSON {
		return errors.Join(printJSON(o.s.Stdout, checkDocument{version1(), report}), &verdictError{exitInterrupted})
	}
	if len(report.Tasks) > 0 {
		o.s.printReport(report, o.explain)
	}
	for _, t := range report.Tasks {
		for _, c := range t.Checks {
			if c.Code == check.CodeUndoFailed {
				return &environment.Problem{
					Code: environment.CodeInterrupted, Message: "interrupted, and what the check " + t.ID + "/" + c.ID + " did could not be undone",
					Hint: "Run `labctl check` again, which tries once more, or `labctl reset`.",
				}
			}
		}
	}
	return &environment.Problem{Code: environment.CodeInterrupted, Message: "interrupted; what the checks did has been undone"}
}

// runner puts the checks of an environment together.
func (s *State) runner(ctx context.Context, seat *seat) (*check.Runner, error) {
	env := seat.env
	target := check.Target{
		Lab: seat.lab, Environment: env.Name, Engine: env.Engine, Capabilities: env.Capabilities, Ledger: env.Ledger(), Lock: env.CheckLock(),
		Workspace: env.WorkspaceDir(), Log: slog.New(slog.DiscardHandler),
	}
	if err := s.atRest(ctx, env); err != nil {
		return nil, err
	}
	world, err := env.World(s.Components, s.Bin())
	if err != nil {
		return nil, err
	}
	target.Client, target.Docker, target.Programs = world.Client, world.Docker, s.programs(env, env.AdminKubeconfig())
	return check.New(target)
}

// atRest refuses an environment that is being started, reset or stopped: what a
// check found half-way would be no finding.
func (s *State) atRest(ctx context.Context, env *environment.Environment) error {
	status, err := client(env).Status(ctx)
	if err != nil || status.State == supervisor.Running || status.State == supervisor.Broken {
		return err
	}
	return &environment.Problem{
		Code: environment.CodeBusy, Message: fmt.Sprintf("the environment %q is %s", env.Name, status.State),
		Hint: "Wait for it to finish; `labctl status --env " + env.Name + "` says when.",
	}
}

// programs are those of labctl's own for scripts that work on an environment.
func (s *State) programs(env *environment.Environment, kubeconfig string) map[string]script.Program {
	all := map[string]script.Program{}
	if env.Nodes > 0 {
		all[script.Kubectl] = s.pinnedKubectl(kubeconfig)
	}
	for _, c := range s.componentsOf(env) {
		vars := c.Variables(env.Part(c.Name(), s.Bin()))
		for _, name := range c.Programs() {
			all[name] = s.pinned(filepath.Join(s.Bin(), name), nil, vars)
		}
	}
	return all
}

// pinnedKubectl is the kubectl of labctl's own for the scripts of checks.
func (s *State) pinnedKubectl(kubeconfig string) script.Program {
	return s.pinned(s.labkube(), []string{"kubectl"},
		[]string{"KUBECONFIG=" + kubeconfig, "KUBECACHEDIR=" + filepath.Join(filepath.Dir(kubeconfig), "kubectl-cache")})
}

// pinned runs a program of labctl's own, with arguments before those of the call
// and variables besides the script's.
func (*State) pinned(path string, first, vars []string) script.Program {
	return func(ctx context.Context, call script.Call) (int, error) {
		err := proc.Command{
			Path: path, Args: slices.Concat(first, call.Args), Dir: call.Dir, Env: slices.Concat(call.Env, vars),
			Stdin: call.Stdin, Stdout: call.Stdout, Stderr: call.Stderr,
		}.Run(ctx)
		var exit *proc.ExitError
		if errors.As(err, &exit) {
			return exit.Code, nil
		}
		return 0, err
	}
}

// remember adds a run to the learner's history.
func (s *State) remember(env *environment.Environment, report check.Report) error {
	checks := map[string]string{}
	for _, t := range report.Tasks {
		for _, c := range t.Checks {
			checks[t.ID+"/"+c.ID] = string(c.Verdict)
		}
	}
	return env.Home.RecordAttempt(environment.Attempt{
		Time: s.Now().UTC(), Lab: env.Lab, Environment: env.Name, Started: env.Created, Engine: env.Engine, Seed: env.Seed,
		Verdict: string(report.Verdict), Score: report.Score, MaxScore: report.MaxScore, Checks: checks,
	})
}
