package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/check/script"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/nearest"
	"labctl.dev/labctl/internal/verdict"
)

type labTestOptions struct {
	s        *State
	output   format
	engine   string
	docker   string
	all      bool
	trust    bool
	noCache  bool
	parallel int
	ref      string // the lab at work, as it was named
	verdict.Options
}

type labTestDocument struct {
	versioned
	verdict.Report
}

func newLabTest(s *State) *cobra.Command {
	o := &labTestOptions{s: s}
	cmd := &cobra.Command{
		Use: "test [LAB...]", Short: "Prove labs: untouched fails, solutions pass, mutants are caught",
		Long: "Runs the cases of a lab's verdicts/ directory, each on a fresh environment of its own, and compares what the " +
			"checks say with what the case expects. Mutants get only the checks they name, unless --full is given. " +
			"What came out right is remembered until the lab or labctl changes, so that an interrupted run goes on.",
		Example: examples(s, "lab test ./my-lab --trust", "lab test ./my-lab --case selector-typo --keep",
			"lab test kubernetes-101 --full --repeat 3 --busy", "lab test --all --sample 4"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.SameSeed = cmd.Flags().Changed("seed")
			return o.run(cmd.Context(), args)
		},
	}
	addOutput(cmd, &o.output)
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "every lab of the catalogue")
	f.StringSliceVar(&o.Cases, "case", nil, "only these `cases`")
	f.StringSliceVar(&o.Checks, "check", nil, "only mutants that these `checks` (task/check) catch")
	f.IntVar(&o.Sample, "sample", 0, "untouched, one solution and so many mutants")
	f.StringVar(&o.Key, "sample-key", "", "what picks the sample: a commit's hash, for example")
	f.BoolVar(&o.Full, "full", false, "run every check for mutants, too")
	f.IntVar(&o.Repeat, "repeat", 1, "run every case so often, in random order")
	f.IntVar(&o.parallel, "parallel", 0, "environments at once (default: by cores and free memory)")
	f.BoolVar(&o.Keep, "keep", false, "leave the environments of cases that come out wrong")
	f.BoolVar(&o.Busy, "busy", false, "keep every core busy meanwhile")
	f.BoolVar(&o.trust, "trust", false, "trust a lab from a directory: its cases run scripts and manifests")
	f.BoolVar(&o.noCache, "no-cache", false, "run also what came out right before")
	f.Uint64Var(&o.Seed, "seed", 0, "draw seeds and order from this `number` (default: random)")
	f.StringVar(&o.engine, "engine", "", "the `engine` to prove on (default: as start chooses)")
	addDocker(cmd, &o.docker, dockerAuto)
	return cmd
}

func (o *labTestOptions) run(ctx context.Context, refs []string) error {
	if o.all == (len(refs) > 0) {
		return usage("Run `labctl lab test LAB` or `labctl lab test --all`.", "name the labs to test, or say --all")
	}
	if o.all {
		refs = o.s.labNames()
	}
	if o.Seed == 0 {
		o.Seed = uint64(rand.Uint32())
	}
	o.Parallel = o.parallel
	if o.Parallel <= 0 {
		o.Parallel = environmentsAtOnce()
	}
	home, err := o.s.home()
	if err != nil {
		return err
	}
	labs, err := o.find(ctx, home, refs)
	if err != nil {
		return err
	}
	worst := error(nil)
	for i, ref := range refs {
		report, err := o.prove(ctx, home, ref, labs[i])
		var unknown *verdict.UnknownCaseError
		switch {
		case ctx.Err() != nil:
			err = &environment.Problem{Code: environment.CodeInterrupted, Message: "interrupted; run it again to go on where it was"}
		case errors.As(err, &unknown):
			err = unknownCase(ref, unknown)
		}
		if err != nil {
			return err
		}
		if err := o.print(report); err != nil {
			return err
		}
		if !report.OK {
			worst = &verdictError{exitFailed}
		}
	}
	return worst
}

// find loads every lab before the first is proved: a wrong name at the end of
// the line should not come up after an hour.
func (o *labTestOptions) find(ctx context.Context, home environment.Home, refs []string) ([]*source, error) {
	var labs []*source
	for _, ref := range refs {
		src, err := o.s.findLab(ctx, home, ref, o.trust)
		if p := (*environment.Problem)(nil); errors.As(err, &p) && p.Code == environment.CodeUnknownLab && hasCase(labs, ref) {
			p.Hint = fmt.Sprintf("To run one case of a lab: `labctl lab test %s --case %s`", refs[0], ref)
		}
		if err != nil {
			return nil, err
		}
		labs = append(labs, src)
	}
	return labs, nil
}

// unknownCase says what was probably meant, and how to run that.
func unknownCase(ref string, e *verdict.UnknownCaseError) error {
	hint := fmt.Sprintf("`labctl lab test %s` runs all of them.", ref)
	if near := nearest.Name(e.Name, e.Known); near != "" {
		hint = fmt.Sprintf("Run `labctl lab test %s --case %s`", ref, near)
	}
	return &environment.Problem{Code: environment.CodeUnknownArgument, Message: e.Error(), Hint: hint}
}

func hasCase(labs []*source, name string) bool {
	return slices.ContainsFunc(labs, func(src *source) bool {
		_, err := fs.Stat(src.FS, path.Join("verdicts", name))
		return err == nil
	})
}

// prove runs one lab's matrix in a home of its own, which is removed afterwards
// unless environments are kept in it.
func (o *labTestOptions) prove(ctx context.Context, home environment.Home, ref string, src *source) (report verdict.Report, err error) {
	o.ref = ref
	docker, err := o.s.chooseDocker(ctx, o.docker, src.Lab)
	if err != nil {
		return report, err
	}
	options := o.Options
	if docker.host != "" {
		// They would have the same names and ports there.
		fmt.Fprintf(o.s.Stderr, "%s the cases share %s, so they run one at a time\n", o.s.err().yellow("note:"), docker)
		options.Parallel = 1
	}
	if src.Dir != "" {
		ref = src.Dir
	}
	if options.Cache, err = o.cache(home, src.Source, docker); err != nil {
		return report, err
	}
	scratch, err := home.Scratch()
	if err != nil {
		return report, err
	}
	runner := &verdict.Runner{
		Labctl: o.s.Executable, Home: scratch.Dir, Engine: o.engine, Docker: docker.flag(), Bin: o.s.Bin(),
		Shell: o.s.learnerShell(scratch.Home), Started: o.started, Done: o.done,
	}
	report, err = runner.Run(ctx, ref, src.Source, options)
	kept := false
	for _, c := range report.Cases {
		if c.Environment != "" {
			fmt.Fprintf(o.s.Stderr, "kept: LABCTL_HOME=%s %s shell --env %s\n", scratch.Dir, o.s.Program(), c.Environment)
			kept = true
		}
	}
	if kept {
		return report, errors.Join(err, scratch.Keep())
	}
	return report, errors.Join(err, scratch.Remove())
}

func (o *labTestOptions) cache(home environment.Home, src *lab.Source, docker dockerChoice) (*verdict.Cache, error) {
	if o.noCache {
		return nil, nil
	}
	return verdict.OpenCache(home, src.FS, o.s.Bin(), o.engine+docker.flag())
}

// learnerShell runs a case's script as labctl's shell runs the scripts of checks.
func (s *State) learnerShell(home environment.Home) verdict.Shell {
	return func(ctx context.Context, sc verdict.Script) error {
		env, err := home.Open(sc.Environment)
		if err != nil {
			return err
		}
		shell := script.Shell{Dir: sc.Dir, Env: sc.Env, Programs: s.programs(env, sc.Kubeconfig)}
		return shell.Run(ctx, sc.Name, "set -e\n"+sc.Text, script.Streams{Stdout: sc.Out, Stderr: sc.Out})
	}
}

func (o *labTestOptions) started(name string, run int) {
	if o.output != formatJSON && o.s.StderrTTY {
		fmt.Fprintf(o.s.Stderr, "%s %s (%d)\n", o.s.err().dim("…"), name, run)
	}
}

func (o *labTestOptions) done(c verdict.CaseResult) {
	if o.output == formatJSON {
		return
	}
	word := o.s.out().green("ok  ")
	if !c.OK {
		word = o.s.out().red("FAIL")
	}
	fmt.Fprintf(o.s.Stdout, "%s %-9s %-26s %7s\n", word, c.Kind, c.Name, elapsed(time.Duration(c.Ms)*time.Millisecond))
	if !c.OK {
		fmt.Fprintf(o.s.Stdout, "     expected  %s\n     got       %s\n     again     %s\n", c.Expected, c.Got, o.again(c))
	}
}

// again is the command that does one run of a case once more.
func (o *labTestOptions) again(c verdict.CaseResult) string {
	command := fmt.Sprintf("%s lab test %s --case %s --seed %d --no-cache", o.s.Program(), o.ref, c.Name, verdict.SeedOfRun(o.Seed, c.Run))
	if o.engine != "" {
		command += " --engine " + o.engine
	}
	if o.docker != dockerAuto {
		command += " --docker " + o.docker
	}
	if o.Full {
		command += " --full"
	}
	if o.Busy {
		command += " --busy"
	}
	return command
}

func (o *labTestOptions) print(r verdict.Report) error {
	if o.output == formatJSON {
		return printJSON(o.s.Stdout, labTestDocument{version1(), r})
	}
	wrong := 0
	for _, c := range r.Cases {
		if !c.OK {
			wrong++
		}
	}
	fmt.Fprintf(o.s.Stdout, "%s on %s: %d runs, %d wrong, %d flaky cases; seed %d\n", r.Lab, r.Engine, len(r.Cases), wrong, r.Flakes, o.Seed)
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(o.s.Stdout, "left out: %s\n", strings.Join(r.LeftOut, ", "))
	}
	return nil
}
