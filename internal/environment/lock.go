package environment

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockPatience is how long a lock is tried: whoever only looks whether it is
	// taken holds it for an instant.
	lockPatience = 100 * time.Millisecond
	// checkPatience is how long the lock of checks is tried: `check --watch` holds
	// it for one look at a time.
	checkPatience = 5 * time.Second
	lockInterval  = 5 * time.Millisecond
)

// Lock is the right to work on something of an environment. The system takes it
// back when the process ends, however it ends.
type Lock struct{ file *flock.Flock }

// Acquire takes the environment's lock, which its supervisor holds for as long
// as it lives. It fails with CodeBusy if another process has it. The environment's
// directory is made if it is missing.
func (h Home) Acquire(ctx context.Context, name string) (*Lock, error) {
	if err := h.Make(h.EnvDir(name)); err != nil {
		return nil, err
	}
	return h.lock(ctx, name, "lock", lockPatience, problem(CodeBusy, "Wait for it to finish, or choose another name with --env.", nil,
		"another labctl is at work on the environment %q", name))
}

// CheckLock is the file that is locked while a check runs.
func (e *Environment) CheckLock() string { return filepath.Join(e.Dir(), checkLock) }

const checkLock = "check.lock"

// AcquireCheck takes the lock that keeps checks and resets apart. If somebody has
// it, waiting is called, and the lock is tried for a while.
func (e *Environment) AcquireCheck(ctx context.Context, waiting func()) (*Lock, error) {
	busy := problem(CodeBusy, "Wait for it to finish, or end it with Ctrl-C where it runs.", nil,
		"a check of the environment %q is running", e.Name)
	lock, err := e.Home.lock(ctx, e.Name, checkLock, lockPatience, busy)
	if !errors.Is(err, busy) {
		return lock, err
	}
	waiting()
	return e.Home.lock(ctx, e.Name, checkLock, checkPatience, busy)
}

func (h Home) lock(ctx context.Context, name, file string, patience time.Duration, busy error) (*Lock, error) {
	path := filepath.Join(h.EnvDir(name), file)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		f := flock.New(path)
		_, err := f.TryLockContext(ctx, lockInterval)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, busy
		}
		if err != nil {
			return nil, h.unusable(err)
		}
		_ = h.Own(path)
		if current(f, path) {
			return &Lock{file: f}, nil
		}
		// The file was removed between its opening and its locking: whoever comes
		// next would lock another one.
		_ = f.Close()
		if err := h.Make(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
}

func current(f *flock.Flock, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(held, named)
}

// Release gives the lock back. Idempotent.
func (l *Lock) Release() { _ = l.file.Close() }

// Alive says whether a process, the supervisor, holds the environment's lock.
func (h Home) Alive(name string) bool {
	path := filepath.Join(h.EnvDir(name), "lock")
	if _, err := os.Stat(path); err != nil {
		return false
	}
	f := flock.New(path, flock.SetFlag(os.O_RDONLY))
	got, err := f.TryRLock()
	if got {
		_ = f.Unlock() // closing it comes to the same
	}
	return err == nil && !got
}
