package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/environment"
)

type resetOptions struct {
	s      *State
	output format
	env    string
}

type resetDocument struct {
	versioned
	Environment string                 `json:"environment"`
	Saved       string                 `json:"saved"` // where a copy of the changed workspace is
	Ms          int64                  `json:"ms"`
	Steps       []environment.StepTime `json:"steps"`
}

func newReset(s *State) *cobra.Command {
	o := &resetOptions{s: s}
	cmd := &cobra.Command{
		Use: "reset", Short: "Go back to the starting state; your changed files are kept aside",
		Args:    maxArgs(0, "reset takes no arguments; name an environment with --env"),
		Example: examples(s, "reset", "reset --env second"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	addOutput(cmd, &o.output)
	s.addEnv(cmd, &o.env)
	return cmd
}

func (o *resetOptions) run(ctx context.Context) error {
	env, err := o.s.openEnv(o.env)
	if err != nil {
		return err
	}
	p := o.s.newProgress(o.output == formatJSON)
	result, err := client(env).Reset(ctx, p)
	p.close()
	if err != nil && result.Saved != "" {
		err = fmt.Errorf("%w; a copy of your files is in %s", err, result.Saved)
	}
	if err != nil {
		return goesOn(ctx, err, "the reset", env.Name)
	}
	doc := resetDocument{version1(), env.Name, result.Saved, result.Ms, orEmpty(result.Steps)}
	if o.output == formatJSON {
		return printJSON(o.s.Stdout, doc)
	}
	fmt.Fprintf(o.s.Stdout, "%s is as it was at the start (%s).\n", env.Name, elapsed(time.Duration(doc.Ms)*time.Millisecond))
	if doc.Saved != "" {
		fmt.Fprintf(o.s.Stdout, "A copy of your files is in %s\n", doc.Saved)
	}
	return nil
}
