package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// large is the size from which Tidy compacts: thousands of stimuli.
const large = 1 << 20

// Tidy is Compact for a ledger that has grown large.
func (l *Ledger) Tidy() error {
	info, err := os.Lstat(l.path)
	if err != nil || info.Size() < large {
		return nil // who writes it is told what is wrong with it
	}
	return l.Compact()
}

// Compact rewrites the ledger without what has ended. At every moment, either the
// old file is there or the new one, whole and on disk: a crash loses nothing. A
// ledger that is damaged is left as it is, for who reads it to report.
func (l *Ledger) Compact() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	dir, release, err := l.locked()
	if err != nil {
		return err
	}
	defer release()
	name := filepath.Base(l.path)
	now, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !now.Mode().IsRegular() {
		return errors.Join(errors.New("compact the ledger: it is no file"), err)
	}
	data, err := dir.ReadFile(name)
	if err != nil {
		return fmt.Errorf("compact the ledger: %w", err)
	}
	open, err := parse(l.path, data)
	if err != nil {
		return err
	}
	kept, err := lines(open)
	if err != nil || len(kept) >= len(data) {
		return err
	}
	if err := replace(dir, name, kept, now); err != nil {
		return fmt.Errorf("compact the ledger: %w", err)
	}
	return nil
}

// lines are entries as the file has them, the oldest first.
func lines(open []Open) ([]byte, error) {
	var b bytes.Buffer
	for _, o := range slices.Backward(open) {
		data, err := json.Marshal(line{Begin: o.Token, Entry: &o.Entry})
		if err != nil {
			return nil, err
		}
		b.Write(append(data, '\n'))
	}
	return b.Bytes(), nil
}

// replace puts a new file in the place of an old one, whose owner and rights it
// gets. What an earlier attempt left half written goes first.
func replace(dir *os.Root, name string, data []byte, old fs.FileInfo) error {
	next := name + ".new"
	if err := dir.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.OpenFile(next, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(old.Mode().Perm()), own(f, old), f.Sync(), f.Close())
	if err == nil {
		err = dir.Rename(next, name)
	}
	if err != nil {
		return errors.Join(err, dir.Remove(next))
	}
	return syncDir(dir)
}

// syncDir puts the directory itself on disk, where the system can do so.
func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	_ = f.Sync() // Windows knows no such thing; the old file is as good
	return nil
}
