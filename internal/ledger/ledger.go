// Package ledger keeps the journal of an environment: every outside resource,
// written down before it is made, and every stimulus not yet undone. After a
// crash it tells what to remove and what to take back.
//
// A ledger is a file of JSON lines that only grows while it is open: one line
// to begin an entry, one to end it. Each line is on disk before the call
// returns. A torn last line, the mark of a crash in the middle of a write, is
// ignored; anything else that cannot be read is reported, never skipped.
// Compact leaves out what has ended.
package ledger

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Kinds of entry that more than one package speaks of.
const (
	KindStimulus = "stimulus" // something a check did and has to undo
	KindProcess  = "process"
	KindCgroup   = "cgroup"
	KindDir      = "directory"
)

// Entry is one resource or stimulus.
type Entry struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Undo holds what the owner of Kind needs to remove or undo the entry.
	Undo json.RawMessage `json:"undo,omitempty"`
	Time time.Time       `json:"time"`
}

// Token names an entry within its ledger.
type Token string

// Open is an entry that has begun and not ended.
type Open struct {
	Token Token
	Entry
}

// Ledger is an open journal. It is safe for concurrent use, by several
// processes too: a file lock keeps their lines apart.
type Ledger struct {
	path string
	mu   sync.Mutex
}

// At returns the ledger kept in the file at path. The file is made by the
// first Begin; its directory has to exist.
func At(path string) *Ledger { return &Ledger{path: path} }

// line is the file's format.
type line struct {
	Begin Token  `json:"begin,omitempty"`
	End   Token  `json:"end,omitempty"`
	Entry *Entry `json:"entry,omitempty"`
}

// Begin writes the entry down and returns when it is on disk. The resource may
// be made only after that.
func (l *Ledger) Begin(e Entry) (Token, error) {
	t := Token(rand.Text()[:12])
	if e.Time.IsZero() {
		e.Time = time.Now().UTC()
	}
	return t, l.append(line{Begin: t, Entry: &e})
}

// End notes that the resource is gone or the stimulus undone.
func (l *Ledger) End(t Token) error { return l.append(line{End: t}) }

// Pending returns the entries that have not ended, the newest first: the order
// in which to undo them. A missing file is an empty ledger.
func (l *Ledger) Pending() ([]Open, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	data, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return parse(l.path, data)
}

func parse(path string, data []byte) ([]Open, error) {
	var begun []Open
	ended := map[Token]bool{}
	torn := len(data) > 0 && data[len(data)-1] != '\n'
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 16<<20)
	var bad error
	for n := 1; s.Scan(); n++ {
		if bad != nil {
			return nil, bad
		}
		var ln line
		if err := json.Unmarshal(s.Bytes(), &ln); err != nil {
			bad = &CorruptError{Path: path, Line: n, Err: err}
			continue
		}
		switch {
		case ln.End != "":
			ended[ln.End] = true
		case ln.Begin != "" && ln.Entry != nil:
			begun = append(begun, Open{Token: ln.Begin, Entry: *ln.Entry})
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read the ledger %s: %w", path, err)
	}
	if bad != nil && !torn {
		return nil, bad
	}
	var open []Open
	for i := len(begun) - 1; i >= 0; i-- {
		if !ended[begun[i].Token] {
			open = append(open, begun[i])
		}
	}
	return open, nil
}

// CorruptError says that a line in the middle of a ledger cannot be read.
type CorruptError struct {
	Path string
	Line int
	Err  error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s:%d: the ledger is damaged: %v", e.Path, e.Line, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

func (l *Ledger) append(ln line) error {
	data, err := json.Marshal(ln)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	dir, release, err := l.locked()
	if err != nil {
		return err
	}
	defer release()
	f, err := dir.OpenFile(filepath.Base(l.path), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	defer f.Close()
	if torn, err := endsTorn(f); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	} else if torn {
		// What a crash left unfinished becomes a line of its own, which must not
		// swallow the one written now.
		if err := dropTorn(f); err != nil {
			return fmt.Errorf("write the ledger: %w", err)
		}
	}
	if _, err := f.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write the ledger %s: %w", filepath.Base(l.path), err)
	}
	return f.Sync()
}

// locked keeps other processes out of the ledger until it is released, and opens
// its directory: root writes here, in one that is a user's, and no link may lead it
// out.
func (l *Ledger) locked() (dir *os.Root, release func(), err error) {
	lock := flock.New(l.path + ".lock")
	if err := lock.Lock(); err != nil {
		return nil, nil, fmt.Errorf("lock the ledger: %w", err)
	}
	dir, err = os.OpenRoot(filepath.Dir(l.path))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("write the ledger: %w", err), lock.Unlock())
	}
	return dir, func() {
		_ = dir.Close() // what was opened in it stays open
		_ = lock.Unlock()
	}, nil
}

func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return last[0] != '\n', err
}

// dropTorn cuts the file after its last whole line.
func dropTorn(f *os.File) error {
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	return f.Truncate(int64(bytes.LastIndexByte(data, '\n') + 1))
}
