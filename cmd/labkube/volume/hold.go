package volume

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// holdPatience bounds how long restored data is held if nobody says that its reset
// is over, because it failed.
const holdPatience = 2 * time.Minute

// Reclaim removes the data of a released volume and tells whether it did: data that
// has been restored is held until the volume's object is, too, which a learner may
// have had released just before.
func (s Store) Reclaim(volume string) (done bool, err error) {
	err = s.exclusively(func() error {
		held, err := s.holds(volume)
		if err != nil || held {
			return err
		}
		done = true
		return s.Remove(volume)
	})
	return done && err == nil, err
}

// Resume ends what Restore began: every volume may be reclaimed again.
func (s Store) Resume() error {
	err := os.Remove(s.heldFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// The file's time is when the hold began. It is a file for the hold to outlive the
// node's processes.
func (s Store) heldFile() string { return s.dir + ".held" }

func (s Store) hold() error {
	if err := s.Resume(); err != nil { // its time is of an earlier reset
		return err
	}
	return os.WriteFile(s.heldFile(), nil, 0o600)
}

func (s Store) holds(volume string) (bool, error) {
	held, err := os.Stat(s.heldFile())
	if err == nil && time.Since(held.ModTime()) < holdPatience {
		_, err = os.Lstat(filepath.Join(s.baseline, volume))
		if err == nil {
			return true, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return false, err
}

// exclusively does something while nobody else does so with the node's volumes.
func (s Store) exclusively(do func() error) error {
	if err := os.MkdirAll(filepath.Dir(s.dir), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(s.dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	return do()
}
