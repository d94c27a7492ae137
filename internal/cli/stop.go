package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
)

type stopOptions struct {
	s       *State
	output  format
	env     string
	discard bool
	keep    bool
}

type stopDocument struct {
	versioned
	Environment string `json:"environment"`
	Kept        bool   `json:"kept"`  // the cluster's data, for a later start
	Saved       string `json:"saved"` // where the changed workspace is now
	Ms          int64  `json:"ms"`
}

func newStop(s *State) *cobra.Command {
	o := &stopOptions{s: s}
	cmd := &cobra.Command{
		Use: "stop [ENVIRONMENT]", Short: "Remove the environment; your changed files are kept aside",
		Example: examples(s, "stop", "stop --keep", "stop kubernetes-101 --discard"),
		Args:    maxArgs(1, "stop takes one environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if o.env != "" && o.env != args[0] {
					return usage("Name it once.", "two environments are named: %s and %s", args[0], o.env)
				}
				o.env = args[0]
			}
			if o.discard && o.keep {
				return usage("Choose one.", "--discard drops the files, and --keep keeps all data")
			}
			return o.run(cmd.Context())
		},
	}
	addOutput(cmd, &o.output)
	s.addEnv(cmd, &o.env)
	cmd.Flags().BoolVar(&o.discard, "discard", false, "drop the files in the workspace, too")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "keep the cluster's data, for a later start")
	return cmd
}

func (o *stopOptions) run(ctx context.Context) error {
	home, err := o.s.home()
	if err != nil {
		return err
	}
	if o.env == "" {
		if o.env, err = o.s.meant(home); err != nil {
			return err
		}
	}
	env, err := home.Salvage(o.env)
	if err != nil {
		return o.s.suggestEnv(home, o.env, err)
	}
	began := o.s.Now()
	saved, err := o.stop(ctx, env)
	if err != nil {
		return err
	}
	doc := stopDocument{version1(), env.Name, o.keep, saved, o.s.Now().Sub(began).Milliseconds()}
	if o.output == formatJSON {
		return printJSON(o.s.Stdout, doc)
	}
	return o.print(doc)
}

// stop has the supervisor do it, or does it without one.
func (o *stopOptions) stop(ctx context.Context, env *environment.Environment) (saved string, err error) {
	mode := supervisor.Remove
	switch {
	case o.discard:
		mode = supervisor.Discard
	case o.keep:
		mode = supervisor.Keep
	}
	p := o.s.newProgress(true)
	defer p.close()
	result, err := client(env).Stop(ctx, mode, p)
	var problem *environment.Problem
	if !errors.As(err, &problem) || problem.Code != environment.CodeNotRunning {
		return result.Saved, goesOn(ctx, err, "the removal", env.Name)
	}
	if o.keep {
		return "", keepable(env)
	}
	saved, err = o.s.dismantle(ctx, env, o.discard)
	if err != nil && ctx.Err() != nil {
		err = &environment.Problem{
			Code: environment.CodeInterrupted, Message: "interrupted; the environment is not wholly removed", Err: err,
			Hint: "Run `labctl stop --env " + env.Name + "` again.",
		}
	}
	return saved, err
}

// keepable refuses an environment without a supervisor that no start could
// bring back.
func keepable(env *environment.Environment) error {
	now, err := env.Home.Open(env.Name) // it may have been rolled back meanwhile
	if err != nil || now.Phase == environment.Ready {
		return err
	}
	return &environment.Problem{
		Code:    environment.CodeUnsupported,
		Message: fmt.Sprintf("the environment %q is unfinished: there is nothing that a later start could bring back", env.Name),
		Hint:    "Run `labctl stop --env " + env.Name + "` to remove it.",
	}
}

// dismantle removes an environment that no supervisor owns.
func (s *State) dismantle(ctx context.Context, env *environment.Environment, discard bool) (saved string, err error) {
	lock, err := env.Home.Acquire(ctx, env.Name)
	if err != nil {
		return "", err
	}
	defer lock.Release()
	var e engine.Engine
	if env.Engine != "" {
		if e, err = s.engineNamed(env.Engine); err != nil {
			return "", err
		}
	}
	return env.Dismantle(ctx, e, s.Components, s.Bin(), discard, false, s.Now())
}

func (o *stopOptions) print(doc stopDocument) error {
	out := o.s.Stdout
	took := elapsed(time.Duration(doc.Ms) * time.Millisecond)
	if doc.Kept {
		fmt.Fprintf(out, "%s is stopped. %s start --env %s brings it back.\n", doc.Environment, o.s.Program(), doc.Environment)
		return nil
	}
	fmt.Fprintf(out, "%s is removed (%s).\n", doc.Environment, took)
	if doc.Saved != "" {
		fmt.Fprintf(out, "Your files are kept in %s\n", doc.Saved)
	}
	return nil
}
