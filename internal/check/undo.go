package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/prober/inside"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/ledger"
)

// undoTime is how long taking back one check's stimuli may take. A workload that
// waits for each of its pods has to go all the way back.
const undoTime = 6 * time.Minute

// World is where stimuli are undone.
type World = undo.World

// UndoPending takes back every stimulus that a killed run left in the ledger,
// the newest first, and removes helper containers that it left. It goes on after an error and returns all of them; what
// could not be undone stays in the ledger. No check may be running.
func UndoPending(ctx context.Context, world World, l *ledger.Ledger) error {
	pending, err := l.Pending()
	if err != nil {
		return err
	}
	_ = l.Tidy() // a long one is no harm; writing tells what is wrong with it
	var errs []error
	if world.Docker != nil {
		errs = append(errs, world.Docker.Sweep(ctx))
	}
	for _, open := range pending {
		if open.Kind != ledger.KindStimulus {
			continue
		}
		record, err := undo.Parse(open.Undo)
		if err == nil {
			err = undo.Run(ctx, world, record)
		}
		if err == nil {
			err = l.End(open.Token)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("take back what an interrupted check did (%s): %w", open.Name, err))
		}
	}
	return errors.Join(errs...)
}

// LeftBehind lists, the newest first, what checks that were killed did to an
// environment, as "task/check: scale deployment/web to 4", and what nothing has
// taken back yet. While a check runs, what it does is not left behind.
func LeftBehind(l *ledger.Ledger, lock string) ([]string, error) {
	pending, err := l.Pending()
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, open := range pending {
		if open.Kind == ledger.KindStimulus {
			names = append(names, open.Name)
		}
	}
	if len(names) > 0 && Disturbing(lock) {
		return []string{}, nil
	}
	return names, nil
}

// EnsureProber makes the helper pod of the checks in namespace labctl-system
// and waits until it runs, as long as ctx lives. Its image is ProberImage.
// Runners make it, too, when it is missing; made at start, it costs no check
// any time.
func EnsureProber(ctx context.Context, client *kube.Client) error {
	_, err := prober.Ensure(ctx, client)
	return err
}

// HelperProgram is what runs in helper containers of the checks while they ask.
func HelperProgram() []string { return inside.Resident() }

// AwaitNames waits, for a while, until names resolve in the helper pod, and says
// whether they do.
func AwaitNames(ctx context.Context, client *kube.Client) (bool, error) {
	return prober.AwaitNames(ctx, client)
}

// The helper pod of the checks, for who builds images and lists namespaces.
const (
	ProberImage     = prober.Image
	ProberNamespace = prober.Namespace
)
