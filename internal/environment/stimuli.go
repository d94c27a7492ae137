package environment

import (
	"context"
	"errors"
	"os"
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

// ForgetStimuli ends the stimuli in the ledger of a cluster that is back at its
// start. A ledger that cannot be read is put aside for a new one.
func (e *Environment) ForgetStimuli() error {
	open, err := e.PendingStimuli()
	var damaged *ledger.CorruptError
	if errors.As(err, &damaged) {
		return errors.Join(os.Rename(damaged.Path, damaged.Path+".damaged"), e.ownLedger())
	}
	for _, o := range open {
		err = errors.Join(err, e.Ledger().End(o.Token))
	}
	return err
}
