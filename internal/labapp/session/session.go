// Package session is the applet that runs others for the checker, as many at
// once as it asks for, within one exec: to start a process in a container takes
// longer than most of what a check asks for. Requests and answers are lines of
// JSON.
package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/opt"
)

// Run is what an applet does. Those of a session share its process: they must
// leave nothing of one run to the next, and obey their context.
type Run = func(context.Context, *applet.Process) error

// New makes the applet that runs these by name.
func New(applets map[string]Run) Run {
	return func(ctx context.Context, p *applet.Process) error {
		set := opt.New("", "Run the applets that standard input asks for, by lines of JSON, until it ends.")
		if _, err := p.Parse(set); err != nil {
			return err
		}
		s := &server{applets: applets, out: json.NewEncoder(p.Stdout), running: map[uint64]context.CancelFunc{}}
		return s.serve(ctx, p.Stdin)
	}
}

// server is one session.
type server struct {
	applets map[string]Run

	answering sync.Mutex
	out       *json.Encoder

	mu      sync.Mutex
	running map[uint64]context.CancelFunc
}

// serve runs what in asks for. With its end everything else ends.
func (s *server) serve(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	var runs sync.WaitGroup
	defer runs.Wait()
	defer cancel()
	if err := s.answer(Answer{}); err != nil {
		return err
	}
	runs.Go(func() { s.beat(ctx) })
	return eachRequest(in, func(r Request) {
		if r.Cancel {
			s.stop(r.ID)
			return
		}
		run, end := s.begin(ctx, r.ID)
		runs.Go(func() {
			defer end()
			_ = s.answer(s.run(run, r)) // nobody is left to tell: the input ends, too
		})
	})
}

func (s *server) begin(ctx context.Context, id uint64) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[id] = cancel
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, id)
	}
}

// stop stops a run, unless it has ended by itself.
func (s *server) stop(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.running[id]; ok {
		cancel()
	}
}

func (s *server) run(ctx context.Context, r Request) Answer {
	out, complaints := &limited{most: MaxOutput}, &limited{most: maxComplaint}
	p := &applet.Process{Stdin: strings.NewReader(""), Stdout: out, Stderr: complaints}
	if len(r.Argv) > 0 {
		p.Name, p.Args = r.Argv[0], r.Argv[1:]
	}
	do, ok := s.applets[p.Name]
	if !ok {
		return Answer{ID: r.ID, Code: 127, Stderr: fmt.Appendf(nil, "no applet %q for sessions\n", p.Name)}
	}
	code := p.Code(do(ctx, p))
	return Answer{ID: r.ID, Code: code, Stdout: out.buffer.Bytes(), Stderr: complaints.buffer.Bytes()}
}

func (s *server) answer(a Answer) error {
	s.answering.Lock()
	defer s.answering.Unlock()
	return s.out.Encode(a)
}

// beat tells the client that the way is open also when there is nothing to say:
// a node that is lost closes no connection.
func (s *server) beat(ctx context.Context) {
	tick := time.NewTicker(Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = s.answer(Answer{}) // as with any answer
		}
	}
}

// limited is a buffer that takes so much and no more.
type limited struct {
	buffer bytes.Buffer
	most   int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.buffer.Len()+len(p) > l.most {
		return 0, fmt.Errorf("the output is longer than %d bytes", l.most)
	}
	return l.buffer.Write(p)
}
