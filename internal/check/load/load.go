// Package load runs a load from inside the cluster for as long as a check
// needs it, and knows at every moment what became of its requests.
package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"labctl.dev/labctl/internal/check/prober"
	labapp "labctl.dev/labctl/internal/labapp/load"
)

// Options are what to ask, and how often.
type Options struct {
	URL     string
	RPS     int
	Timeout time.Duration // of one request
}

// Load is a running or finished load. It is safe for concurrent use.
type Load struct {
	opts    Options
	stdin   io.Closer
	done    chan struct{}
	mu      sync.Mutex
	last    labapp.Summary
	seen    time.Time     // when last was read
	changed chan struct{} // closed and replaced at each news
	err     error         // why it ended before its time
	stopped bool
	sending float64 // the seconds it had sent for when it was stopped
}

// interval is how often the generator reports.
const interval = 200 * time.Millisecond

// firstReport is how long the generator may take to say its first word.
const firstReport = 10 * time.Second

// Start begins a load and returns after its first report. It ends with Stop or
// ctx; when this process is killed, too, for the generator stops when its input
// closes.
func Start(ctx context.Context, p *prober.Prober, opts Options) (*Load, error) {
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	l := &Load{opts: opts, stdin: stdin, done: make(chan struct{}), changed: make(chan struct{})}
	go func() {
		err := p.Run(ctx, in, out, io.Discard, "load", "--url", opts.URL, "--rps", strconv.Itoa(opts.RPS),
			"--timeout", opts.Timeout.String(), "--until-stdin-closes", "--stream", "--so-far", "--interval", interval.String())
		out.CloseWithError(err)
		in.Close()
	}()
	first := l.News() // taken before anybody can tell: it may be the only one
	go l.follow(stdout)
	select {
	case <-first:
		if err := l.Err(); err != nil {
			return nil, fmt.Errorf("start the load: %w", err)
		}
		return l, nil
	case <-time.After(firstReport):
		stdin.Close()
		return nil, errors.New("start the load: the generator does not report")
	case <-ctx.Done():
		stdin.Close()
		return nil, fmt.Errorf("start the load: %w", context.Cause(ctx))
	}
}

// follow reads the generator's reports until it ends.
func (l *Load) follow(reports io.ReadCloser) {
	defer close(l.done)
	defer reports.Close()
	lines := bufio.NewScanner(reports)
	lines.Buffer(nil, 1<<20)
	ended := false
	for lines.Scan() {
		var s labapp.Summary
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			l.note(nil, fmt.Errorf("read the load generator's report: %w", err))
			return
		}
		ended = s.Type == "summary"
		l.note(&s, nil)
	}
	switch err := lines.Err(); {
	case err != nil:
		l.note(nil, err)
	case !ended:
		l.note(nil, errors.New("the load generator ended without a summary"))
	}
}

func (l *Load) note(s *labapp.Summary, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s != nil {
		l.last, l.seen = *s, time.Now()
	}
	if err != nil {
		l.err = err
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// News is closed at the next report.
func (l *Load) News() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Err says why the load ended before it was stopped.
func (l *Load) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Stop ends the load, waits for the requests in flight and the summary.
func (l *Load) Stop(ctx context.Context) error {
	l.mu.Lock()
	if !l.stopped {
		l.stopped, l.sending = true, l.last.Seconds
	}
	l.mu.Unlock()
	l.stdin.Close()
	select {
	case <-l.done:
		return l.Err()
	case <-ctx.Done():
		return fmt.Errorf("wait for the load generator to end: %w", context.Cause(ctx))
	}
}
