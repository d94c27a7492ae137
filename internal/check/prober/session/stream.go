package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	labapp "labctl.dev/labctl/internal/labapp/session"
)

// receiver takes what the applet prints apart into answers.
type receiver struct {
	session *Session
	line    []byte // what there is of the next one
}

func (r *receiver) Write(p []byte) (int, error) {
	r.session.hear()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		if len(r.line)+len(part) > labapp.MaxLine() {
			return 0, r.reject(fmt.Errorf("an answer is longer than %d bytes", labapp.MaxLine()))
		}
		r.line = append(r.line, part...)
		if whole {
			if err := r.session.receive(r.line); err != nil {
				return 0, r.reject(err)
			}
			r.line = nil // large ones need not stay
		}
		rest = after
	}
	return len(p), nil
}

// reject ends a session whose other end does not speak as agreed.
func (r *receiver) reject(err error) error {
	err = fmt.Errorf("its session broke: %w", err)
	r.session.fail(err)
	return err
}

func (s *Session) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
}

// receive hands an answer to who waits for it.
func (s *Session) receive(line []byte) error {
	var a labapp.Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch opened := s.opened(); {
	case a.ID > s.last || a.ID > 0 && !opened:
		return errors.New("an answer is to what nobody asked")
	case a.ID == 0 && !opened:
		close(s.ready)
	case a.ID > 0:
		if answer, ok := s.pending[a.ID]; ok { // else nobody waits any more
			delete(s.pending, a.ID)
			answer <- a
		}
	}
	return nil
}

// queue is a pipe that always takes what is written, so that who is stuck on the
// other side holds up nobody.
type queue struct {
	mu     sync.Mutex
	news   *sync.Cond
	data   []byte
	closed bool
}

func newQueue() *queue {
	q := &queue{}
	q.news = sync.NewCond(&q.mu)
	return q
}

func (q *queue) push(data []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.data = append(q.data, data...)
	q.news.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.news.Broadcast()
}

// Read waits for something to read. The end comes at once: what is asked for
// when the session is closed has nobody who waits for it.
func (q *queue) Read(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.data) == 0 && !q.closed {
		q.news.Wait()
	}
	if q.closed {
		return 0, io.EOF
	}
	n := copy(p, q.data)
	q.data = q.data[n:]
	return n, nil
}

// tail is the end of what was written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail is enough for an error.
const maxTail = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
