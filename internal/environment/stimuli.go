package environment

import (
	"context"
	"slices"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/ledger"
)

// PendingStimuli lists what checks did to the environment and have not undone,
// the newest first.
func (e *Environment) PendingStimuli() ([]ledger.Open, error) {
	open, err := e.Ledger().Pending()
	if err != nil {
		return nil, problem(CodeCorruptState, "Run `labctl reset` to get back to a known state.", err,
			"cannot tell what the last check left behind")
	}
	return slices.DeleteFunc(open, func(o ledger.Open) bool { return o.Kind != ledger.KindStimulus }), nil
}

// UndoStimuli takes back what a check that was killed left behind. The caller
// holds the check's lock, or knows that no check runs.
func (e *Environment) UndoStimuli(ctx context.Context, client *kube.Client) error {
	return check.UndoPending(ctx, client, e.Ledger())
}
