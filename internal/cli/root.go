// Package cli is labctl's command line: one file a command, and the only place
// that renders. Rules it follows: results go to standard output, all else to
// standard error; a person at a terminal gets tables and colour, a pipe gets
// plain lines, -o json gets documents; an error says what happened, why, and
// the next command to type.
package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/component/docker"
	"labctl.dev/labctl/internal/engine"
	"labctl.dev/labctl/internal/engine/embedded"
	"labctl.dev/labctl/internal/engine/kind"
	"labctl.dev/labctl/internal/engine/none"
	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/lab/nearest"
	"labctl.dev/labctl/labs"
)

// Main runs labctl in the real process and returns the exit code.
func Main(ctx context.Context) int {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // what client-go mutters is not for learners
	s := System()
	s.Catalogue, s.MakeEngines = labs.FS(), makeEngines
	s.Components = makeComponents(s, slog.New(slog.DiscardHandler))
	return Run(ctx, s)
}

// makeEngines lists the engines, in the order in which `auto` tries them.
func makeEngines(s *State, home string, log *slog.Logger) []engine.Engine {
	return []engine.Engine{
		kind.New(kind.Config{Log: log, Bin: s.Bin(), Getenv: s.usersDocker(home)}),
		embedded.New(embedded.Config{Log: log, Bin: s.Bin(), Home: home}),
		none.Engine{},
	}
}

func makeComponents(s *State, log *slog.Logger) []component.Component {
	return []component.Component{docker.Component{Log: log, Getenv: s.dockerEnviron}}
}

// Run runs the command line and returns the exit code.
func Run(ctx context.Context, s *State) int {
	ctx, stop := s.interruptible(ctx)
	defer stop()
	if s.Engines == nil {
		home, err := s.home()
		if err != nil {
			s.report(ctx, err)
			return exitCode(err)
		}
		s.Engines = s.MakeEngines(s, home.Dir, slog.New(slog.DiscardHandler))
	}
	root := newRoot(s)
	root.SetArgs(s.Args[1:])
	err := root.ExecuteContext(ctx)
	s.report(ctx, err)
	return exitCode(err)
}

// newRoot builds the whole tree of commands.
func newRoot(s *State) *cobra.Command {
	root := &cobra.Command{
		Use:   "labctl",
		Short: "Real DevOps labs on your own machine, and checks that tell the truth",
		Long: "labctl gives you a real environment on your own machine in seconds, and tells you whether what you built works.\n\n" +
			"Exit codes:\n" + strings.TrimRight(exitTable(), "\n"),
		Example: examples(s,
			"list", "start kubernetes-101", "tasks", "check", "stop"),
		SilenceErrors: true, SilenceUsage: true,
		Args:              s.noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.SetIn(s.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: err, hint: "Run `" + cmd.CommandPath() + " --help`."}
	})
	root.AddGroup(&cobra.Group{ID: "learn", Title: "Learning:"},
		&cobra.Group{ID: "care", Title: "Looking after environments:"},
		&cobra.Group{ID: "author", Title: "Writing labs:"})
	add(root, "learn", newList(s), newStart(s), newStatus(s), newTasks(s), newCheck(s), newHint(s),
		newShell(s), newKubectl(s), newReset(s), newStop(s))
	add(root, "care", newDoctor(s), newGC(s), newNode(s), newVersion(s))
	add(root, "author", newLab(s))
	root.AddCommand(newSupervise(s))
	root.InitDefaultCompletionCmd()
	argumentsAreUsage(root)
	return root
}

// argumentsAreUsage makes every refusal of arguments a mistake on the command
// line, also those of the commands that cobra brings.
func argumentsAreUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var wrong *usageError
			if err == nil || errors.As(err, &wrong) {
				return err
			}
			return &usageError{err: err, hint: "Run `" + cmd.CommandPath() + " --help`."}
		}
	}
	for _, c := range cmd.Commands() {
		argumentsAreUsage(c)
	}
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// examples formats command lines for help.
func examples(s *State, lines ...string) string {
	for i, l := range lines {
		lines[i] = "  " + s.Program() + " " + l
	}
	return strings.Join(lines, "\n")
}

// noSuchCommand refuses what is not a command, and suggests one.
func (s *State) noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint := "Run `" + cmd.CommandPath() + " --help` for the commands."
	if name := nearest.Name(args[0], names); name != "" {
		hint = "Did you mean `" + cmd.CommandPath() + " " + name + "`?"
	}
	return usage(hint, "there is no command %q", args[0])
}

// report prints an error, on standard output in its documented shape if JSON
// was asked for.
func (s *State) report(ctx context.Context, err error) {
	var said *verdictError
	if err == nil || errors.As(err, &said) {
		return
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = &environment.Problem{Code: environment.CodeInterrupted, Message: "interrupted"}
	}
	f := faultOf(err)
	f.Message, f.Hint = s.Typed(f.Message), s.Typed(f.Hint)
	if wantsJSON(s.Args) {
		_ = printJSON(s.Stdout, errorDocument{version1(), f})
		return
	}
	c := s.err()
	fmt.Fprintf(s.Stderr, "%s %s\n", c.red("error:"), f.Message)
	if f.Hint != "" {
		fmt.Fprintln(s.Stderr, f.Hint)
	}
}
