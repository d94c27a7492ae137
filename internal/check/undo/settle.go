package undo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/diagnose/snapshot"
	"labctl.dev/labctl/internal/kube"
)

// slowest is how many times its time a workload may take that goes on changing: a
// rollout that waits minReadySeconds for each pod.
const slowest = 4

const pollEvery = 100 * time.Millisecond

// errPatience says that something took longer than we wait for it.
var errPatience = errors.New("it takes too long")

// poll asks until the answer is yes, the time is up or something fails.
func poll(ctx context.Context, within time.Duration, done func(context.Context) (bool, error)) error {
	err := wait.PollUntilContextTimeout(ctx, pollEvery, within, true, done)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return errPatience
	}
	return err
}

// Settle waits until workloads stand still: rolled out and without ending pods,
// or stuck, as they may have been before the check came. It is no error if that
// takes too long: longer than within without any change, or a few times that.
func Settle(ctx context.Context, client *kube.Client, refs []Ref, within time.Duration) error {
	for _, ref := range refs {
		quiet, begun := 0, time.Now()
		err := poll(ctx, slowest*within, func(ctx context.Context) (bool, error) {
			s, err := snapshot.Take(ctx, client, ref.Namespace)
			if err != nil {
				return false, err
			}
			// The lists of a snapshot are not of one instant, so a step from one
			// object to the next can fall between them: look twice.
			quiet++
			state := progress.Of(s, progress.Subject{Kind: ref.Kind, Name: ref.Name, Found: true, Ending: true})
			if state.Moving {
				quiet = 0
			}
			unchanged := min(time.Since(state.Changed), time.Since(begun))
			return quiet == 2 || unchanged > within, nil
		})
		if err != nil && !gone(err) && !errors.Is(err, errPatience) {
			return fmt.Errorf("wait for %s to settle: %w", ref, err)
		}
	}
	return nil
}
