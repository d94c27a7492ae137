package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
)

type startOptions struct {
	s      *State
	output format
	lab    string
	env    string
	engine string
	docker string
	seed   uint64
	keep   bool
	trust  bool
}

type startDocument struct {
	versioned
	Environment  string `json:"environment"`
	Lab          string `json:"lab"`
	Engine       string `json:"engine"`
	EngineReason string `json:"engineReason"`
	// Docker is the address of the user's own Docker Engine if the lab uses that,
	// "own" if labctl brings one, and empty for a lab without Docker.
	Docker       string                 `json:"docker"`
	DockerReason string                 `json:"dockerReason"`
	Seed         uint64                 `json:"seed"`
	Workspace    string                 `json:"workspace"`
	Kubeconfig   string                 `json:"kubeconfig"`
	Resumed      bool                   `json:"resumed"`
	ReadyMs      int64                  `json:"readyMs"`
	Steps        []environment.StepTime `json:"steps"`
	Unassessable []string               `json:"unassessable"`
}

func newStart(s *State) *cobra.Command {
	o := &startOptions{s: s}
	cmd := &cobra.Command{
		Use: "start [LAB]", Short: "Start a lab, or bring its environment back",
		Long: "Start makes an environment for a lab: a slug from `labctl list`, or the path of a lab's directory. " +
			"If the environment exists already, it is brought back with the work in it, also after a reboot.",
		Example: examples(s, "start kubernetes-101", "start ./my-lab --trust", "start kubernetes-101 --env second --seed 7"),
		Args:    maxArgs(1, "start takes one lab"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return s.labNames(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.lab = args[0]
			}
			if !cmd.Flags().Changed("seed") {
				o.seed = uint64(rand.Uint32())
			}
			return o.run(cmd.Context(), cmd.Flags().Changed("seed"))
		},
	}
	addOutput(cmd, &o.output)
	s.addEnv(cmd, &o.env)
	flags := cmd.Flags()
	flags.StringVar(&o.engine, "engine", "auto", "the `engine` that provides the cluster: "+join(s.engineNames()))
	addDocker(cmd, &o.docker, dockerAuto)
	flags.Uint64Var(&o.seed, "seed", 0, "draw the lab's parameters from this `number` (default: random)")
	flags.BoolVar(&o.keep, "keep-on-failure", false, "keep the files of a failed start, its logs among them, to be looked at")
	flags.BoolVar(&o.trust, "trust", false, "trust a lab from a directory: it runs its scripts and manifests")
	_ = cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions(s.engineNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *startOptions) run(ctx context.Context, seeded bool) error {
	began := o.s.Now()
	home, err := o.s.home()
	if err != nil {
		return err
	}
	plan, err := o.plan(ctx, home, seeded)
	if err != nil {
		return err
	}
	plan.request.Began = began
	before := leftIn(home, plan.name)
	result, err := o.start(ctx, home, plan)
	if err != nil {
		return err
	}
	plan.takenBack = before - leftIn(home, plan.name)
	env, err := home.Open(plan.name)
	if err != nil {
		return err
	}
	if err := home.SetCurrent(env.Name); err != nil {
		return err
	}
	return o.announce(env, plan, result)
}

// leftIn is how much of what killed checks did is in an environment; 0 if there is no
// telling, or no environment yet.
func leftIn(home environment.Home, name string) int {
	env, err := home.Open(name)
	if err != nil {
		return 0
	}
	left, _ := check.LeftBehind(env.Ledger(), env.CheckLock()) // the next check says what is wrong with it
	return len(left)
}

// start has the supervisor do it, which is started first if there is none.
func (o *startOptions) start(ctx context.Context, home environment.Home, plan startPlan) (supervisor.Result, error) {
	client := supervisor.Connect(plan.name, home.EnvDir(plan.name))
	status, err := client.Status(ctx)
	if err != nil {
		if !plan.caps.Available {
			return supervisor.Result{}, o.s.unavailable("the engine "+plan.engine.Name(), plan.caps, o.arguments())
		}
		if err := o.s.spawnSupervisor(ctx, home, plan.name); err != nil {
			return supervisor.Result{}, err
		}
	} else if status.State == supervisor.Starting {
		return supervisor.Result{}, &environment.Problem{
			Code:    environment.CodeBusy,
			Message: fmt.Sprintf("the environment %q is being started by another labctl", plan.name),
			Hint:    "Wait for it, or choose another name with --env.",
		}
	}
	p := o.s.newProgress(o.output == formatJSON)
	defer p.close()
	return client.Start(ctx, plan.request, p)
}

// where says in what a new environment runs.
func (p startPlan) where(env *environment.Environment) string {
	if p.lab.Needs.Cluster != nil {
		return fmt.Sprintf("engine %s (%s), seed %d", env.Engine, p.why, env.Seed)
	}
	if len(env.Components) == 0 {
		return fmt.Sprintf("this lab needs no cluster, seed %d", env.Seed)
	}
	titles := make([]string, len(env.Components))
	for i, name := range env.Components {
		titles[i] = p.title(name)
	}
	return fmt.Sprintf("with %s; this lab needs no cluster, seed %d", strings.Join(titles, " and "), env.Seed)
}

// title is a component as a learner would call it.
func (p startPlan) title(name string) string {
	if name == dockerName && p.docker.why != "" {
		return fmt.Sprintf("%s (%s)", p.docker, p.docker.why)
	}
	return name
}

func (o *startOptions) announce(env *environment.Environment, plan startPlan, result supervisor.Result) error {
	doc := startDocument{
		version1(), env.Name, env.Lab, env.Engine, plan.why, plan.docker.word(), plan.docker.why, env.Seed, env.WorkspaceDir(), "",
		result.Resumed, env.ReadyMs, env.Steps, orEmpty(env.Unassessable),
	}
	if plan.lab.Needs.Cluster != nil {
		doc.Kubeconfig = env.Kubeconfig()
	}
	if o.output == formatJSON {
		return printJSON(o.s.Stdout, doc)
	}
	c, out := o.s.out(), o.s.Stdout
	switch {
	case result.Resumed && len(result.Steps) == 0:
		fmt.Fprintf(out, "%s is running already.\n", c.bold(env.Name))
	case result.Resumed:
		fmt.Fprintf(out, "%s is back after %s, with your work in it.\n", c.bold(env.Name), elapsed(time.Duration(env.ReadyMs)*time.Millisecond))
	default:
		fmt.Fprintf(out, "%s is ready after %s: %s\n", c.bold(env.Name), elapsed(time.Duration(env.ReadyMs)*time.Millisecond), plan.lab.Title)
		fmt.Fprintln(out, plan.where(env))
	}
	if plan.takenBack > 0 {
		fmt.Fprintf(out, "What a check that was cut short had done is taken back.\n")
	}
	if left := leftIn(env.Home, env.Name); left > 0 {
		fmt.Fprintf(out, "%s a check that was cut short has left something behind; %s\n", c.yellow("note:"), o.s.Typed("`labctl status` says what, and `labctl reset` restores the lab"))
	}
	for _, note := range plan.caps.Notes {
		fmt.Fprintf(out, "%s %s\n", c.yellow("note:"), note)
	}
	for _, id := range doc.Unassessable {
		fmt.Fprintf(out, "%s the check %s cannot be assessed on the engine %s; it does not count\n", c.yellow("note:"), id, env.Engine)
	}
	fmt.Fprintln(out)
	return o.s.nextSteps(plan.lab)
}
