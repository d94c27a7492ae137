package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"labctl.dev/labctl/internal/check"
)

// watchResults shows results and updates them until it is interrupted. Its exit
// code is that of the last results.
func (o *checkOptions) watchResults(ctx context.Context, runner *check.Runner) error {
	var last *check.Report
	show := o.watchScreen
	switch {
	case o.output == formatJSON:
		show = o.watchLines
	case !o.s.StdoutTTY:
		show = o.watchChanges
	}
	err := runner.Watch(ctx, check.Options{Only: o.only, Explain: o.explain}, func(r check.Report) {
		show(last, r)
		last = &r
	})
	if ctx.Err() == nil && err != nil {
		return o.explainError(ctx, check.Report{}, err)
	}
	if last == nil || !errors.Is(context.Cause(ctx), errInterrupt) {
		return err
	}
	return verdictExit(last.Verdict)
}

// watchScreen redraws the terminal.
func (o *checkOptions) watchScreen(_ *check.Report, r check.Report) {
	fmt.Fprint(o.s.Stdout, "\x1b[H\x1b[2J\x1b[3J")
	for _, t := range r.Tasks {
		c := o.s.out()
		fmt.Fprintf(o.s.Stdout, "%s %s %s\n", o.s.mark(string(t.Verdict)), c.bold(t.ID), c.dim(t.Title))
		if t.Verdict == check.Pass || t.Verdict == check.Blocked {
			continue
		}
		for _, result := range t.Checks {
			o.s.printResult(o.s.Stdout, result, o.explain)
		}
	}
	fmt.Fprintf(o.s.Stdout, "\n%d of %d points. Watching; Ctrl-C ends it.\n", r.Score, r.MaxScore)
}

// watchChanges prints a line for each verdict that is new.
func (o *checkOptions) watchChanges(last *check.Report, r check.Report) {
	before := map[string]check.Verdict{}
	if last != nil {
		before = verdicts(*last)
	}
	for _, t := range r.Tasks {
		for _, c := range t.Checks {
			if id := t.ID + "/" + c.ID; before[id] != c.Verdict {
				fmt.Fprintf(o.s.Stdout, "%s\t%s\t%s\n", c.Verdict, id, c.Message)
			}
		}
	}
}

func verdicts(r check.Report) map[string]check.Verdict {
	all := map[string]check.Verdict{}
	for _, t := range r.Tasks {
		for _, c := range t.Checks {
			all[t.ID+"/"+c.ID] = c.Verdict
		}
	}
	return all
}

// watchLines prints each report as one line of JSON.
func (o *checkOptions) watchLines(_ *check.Report, r check.Report) {
	_ = json.NewEncoder(o.s.Stdout).Encode(checkDocument{version1(), r}) // nobody may read it any more
}
