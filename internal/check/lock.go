package check

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// waitTime is how long a run waits for another in silence.
const waitTime = time.Second

// acquire waits until no other run, and no reset, disturbs the environment. The
// lock ends with this process, however it ends.
func (r *Runner) acquire(ctx context.Context, waiting func()) (release func(), err error) {
	if r.Lock == "" {
		return func() {}, nil
	}
	lock := flock.New(r.Lock)
	ok, err := lock.TryLock()
	if err == nil && !ok {
		if waiting != nil {
			told := time.AfterFunc(waitTime, waiting)
			defer told.Stop()
		}
		_, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("wait for another check or a reset of this environment to end: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil // the end of the process unlocks it, too
}

// Disturbing tells whether a check, or a reset, holds the lock at this moment. It
// changes nothing: without the file there was never one.
func Disturbing(lock string) bool {
	if _, err := os.Stat(lock); err != nil {
		return false
	}
	l := flock.New(lock, flock.SetFlag(os.O_RDONLY))
	free, err := l.TryRLock()
	if free {
		_ = l.Unlock() // as in acquire
	}
	return err == nil && !free
}

// glimpse locks the environment for looking only. It is false while a run may
// be disturbing it.
func (r *Runner) glimpse() (release func(), ok bool) {
	if r.Lock == "" {
		return func() {}, true
	}
	lock := flock.New(r.Lock)
	ok, err := lock.TryRLock()
	if err != nil || !ok {
		return nil, false
	}
	return func() { _ = lock.Unlock() }, true // as in acquire
}
