package stimulus

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// pollEvery is how often a stimulus looks whether it has taken effect.
const pollEvery = 100 * time.Millisecond

// poll asks until the answer is yes. That the time is up is no error: what has
// come of it is for the expectations to see.
func poll(ctx context.Context, within time.Duration, done func(context.Context) (bool, error)) error {
	err := wait.PollUntilContextTimeout(ctx, pollEvery, within, true, done)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
