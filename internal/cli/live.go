package cli

import (
	"fmt"
	"sync"
	"time"

	"labctl.dev/labctl/internal/check"
)

// live shows at a terminal that checks are going on, and how many are done.
type live struct {
	s     *State
	mu    sync.Mutex
	done  int
	last  string
	began time.Time
	stop  chan struct{}
	ended sync.WaitGroup
}

func (s *State) newLive(quiet bool) *live {
	l := &live{s: s, began: s.Now(), stop: make(chan struct{})}
	if s.StderrTTY && !quiet {
		l.ended.Go(l.animate)
	}
	return l
}

func (l *live) result(task string, r check.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	l.last = task + "/" + r.ID
}

// wait tells what keeps the checks from beginning.
func (l *live) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
	erase := ""
	if l.s.StderrTTY {
		erase = "\r\x1b[K"
	}
	fmt.Fprintln(l.s.Stderr, erase+"waiting for another check or a reset of this environment to end")
}

func (l *live) close() {
	close(l.stop)
	l.ended.Wait()
}

func (l *live) animate() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			fmt.Fprint(l.s.Stderr, "\r\x1b[K")
			return
		case <-tick.C:
			l.mu.Lock()
			fmt.Fprintf(l.s.Stderr, "\r\x1b[K%s checking… %d done, last %s", l.s.err().dim(elapsed(l.s.Now().Sub(l.began))), l.done, l.last)
			l.mu.Unlock()
		}
	}
}
