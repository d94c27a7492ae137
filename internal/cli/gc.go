package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/environment"
	"labctl.dev/labctl/internal/environment/supervisor"
)

type gcOptions struct {
	s      *State
	output format
	dryRun bool
	all    bool
}

type gcDocument struct {
	versioned
	DryRun bool                  `json:"dryRun"`
	Found  []environment.Finding `json:"found"`
}

func newGC(s *State) *cobra.Command {
	o := &gcOptions{s: s}
	cmd := &cobra.Command{
		Use: "gc", Short: "Remove what crashed processes left behind",
		Long: "Removes environments whose start or stop was cut short, what engines left on this machine, and what a killed check " +
			"left applied. What a killed lab test left goes, too. An environment that can be brought back is kept, unless --all is " +
			"given; its files are kept aside even then.",
		Args: maxArgs(0, "gc takes no arguments"), Example: examples(s, "gc --dry-run", "gc"),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	addOutput(cmd, &o.output)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only say what would be removed")
	cmd.Flags().BoolVar(&o.all, "all", false, "remove stopped environments, too")
	return cmd
}

func (o *gcOptions) run(ctx context.Context) error {
	home, err := o.s.home()
	if err != nil {
		return err
	}
	c := environment.Collector{
		Home: home, Engines: o.s.Engines, Components: o.s.Components, Bin: o.s.Bin(), Now: o.s.Now, All: o.all,
		Elsewhere: supervisor.Owned,
		End: func(ctx context.Context, env *environment.Environment) error {
			p := o.s.newProgress(true)
			defer p.close()
			_, err := client(env).Stop(ctx, supervisor.Discard, p)
			return err
		},
	}
	found, err := c.Find(ctx)
	if err != nil {
		return err
	}
	if !o.dryRun {
		found = c.Remove(ctx, found)
	}
	if o.output == formatJSON {
		if err := printJSON(o.s.Stdout, gcDocument{version1(), o.dryRun, orEmpty(found)}); err != nil {
			return err
		}
	} else {
		o.print(found)
	}
	for _, f := range found {
		if f.Error != "" {
			return &verdictError{exitEnvironment}
		}
	}
	return nil
}

func (o *gcOptions) print(found []environment.Finding) {
	verb := "removed"
	if o.dryRun {
		verb = "would remove"
	}
	left := 0
	for _, f := range found {
		if f.NeedsRoot {
			left++
			continue
		}
		if f.Error != "" {
			fmt.Fprintf(o.s.Stderr, "%s cannot remove %s %s: %s\n", o.s.err().red("error:"), f.Kind, f.Name, o.s.Typed(f.Error))
			continue
		}
		fmt.Fprintf(o.s.Stdout, "%s %s %s (%s)\n", verb, f.Kind, f.Name, f.Note)
	}
	if left > 0 {
		fmt.Fprintln(o.s.Stderr, o.s.Typed(fmt.Sprintf("%d things were made by root. Run `sudo labctl gc` to remove them.", left)))
	}
	if len(found) == 0 {
		fmt.Fprintln(o.s.Stdout, "nothing to remove")
	}
}
