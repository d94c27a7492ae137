package nodereset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	lockPoll = 50 * time.Millisecond
	// lockPatience is longer than a reset may take.
	lockPatience = 70 * time.Second
)

// lock keeps out others that would change the same: a reset goes on when who asked for
// it is gone, and may be asked for again.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = wait.PollUntilContextTimeout(ctx, lockPoll, lockPatience, true, func(context.Context) (bool, error) {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the end of an earlier reset: %w", err), file.Close())
	}
	return func() { _ = file.Close() }, nil // which lets go of the lock
}
