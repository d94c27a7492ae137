//go:build linux

package initd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// A log grows to this many bytes; then it becomes NAME.log.1, in place of
	// the one before.
	maxLog = 4 << 20
	// tailLines is how much of a crashed component's log an event quotes.
	tailLines = 15
	tailWait  = 100 * time.Millisecond
)

// logFile keeps what a component says: all of it on disk, bounded, and the
// last lines in memory.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int64
	last []string
	read chan struct{} // closed when follow has read all
}

func openLog(dir, name string) (*logFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the log directory: %w", err)
	}
	l := &logFile{path: filepath.Join(dir, name+".log")}
	if err := l.rotate(); err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	return l, nil
}

// rotate begins a new file. What was there stays as the one before.
func (l *logFile) rotate() error {
	if l.file != nil {
		l.file.Close()
	}
	if err := os.Rename(l.path, l.path+".1"); err != nil && !os.IsNotExist(err) {
		return err
	}
	file, err := os.Create(l.path)
	l.file, l.size = file, 0
	return err
}

// follow writes down all that comes from r, and closes it at its end. It
// returns at once.
func (l *logFile) follow(r io.ReadCloser) {
	read := make(chan struct{})
	l.mu.Lock()
	l.read = read
	l.mu.Unlock()
	go func() {
		defer close(read)
		defer r.Close()
		l.copy(r)
	}()
}

func (l *logFile) copy(r io.Reader) {
	lines := bufio.NewReaderSize(r, 16<<10)
	for {
		line, err := lines.ReadSlice('\n')
		l.write(line)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (l *logFile) write(line []byte) {
	if len(line) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+int64(len(line)) > maxLog {
		if err := l.rotate(); err != nil {
			return
		}
	}
	l.size += int64(len(line))
	// A full disk must not stop the component that speaks.
	_, _ = l.file.Write(line)
	if l.last = append(l.last, string(line)); len(l.last) > tailLines {
		l.last = slices.Delete(l.last, 0, 1)
	}
}

// tail returns the last lines of a component that has ended. What it started
// may hold its output open, so the wait for the end of that is short.
func (l *logFile) tail() []string {
	l.mu.Lock()
	read := l.read
	l.mu.Unlock()
	select {
	case <-read:
	case <-time.After(tailWait):
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.last)
}
