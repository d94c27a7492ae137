package cli

import (
	"fmt"
	"sync"
	"time"

	"labctl.dev/labctl/internal/environment"
)

// progress shows the steps of a long operation on standard error: on a terminal
// a line that moves, with the time since the step began; else a plain line once
// a step is done.
type progress struct {
	s     *State
	quiet bool

	mu      sync.Mutex
	step    string
	message string
	began   time.Time
	stop    chan struct{}
	ended   sync.WaitGroup
}

var _ environment.Observer = (*progress)(nil)

// newProgress begins to show progress. Call close before printing anything else.
func (s *State) newProgress(quiet bool) *progress {
	p := &progress{s: s, quiet: quiet, stop: make(chan struct{})}
	if s.StderrTTY && !quiet {
		p.ended.Go(p.animate)
	}
	return p
}

func (p *progress) close() {
	close(p.stop)
	p.ended.Wait()
}

func (p *progress) StepStarted(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.message, p.began = name, "", p.s.Now()
}

func (p *progress) Progress(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.message = message
}

func (p *progress) StepDone(name string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = ""
	if p.quiet {
		return
	}
	c := p.s.err()
	if p.s.StderrTTY {
		fmt.Fprintf(p.s.Stderr, "\r\x1b[K%s %-10s %s\n", c.green("✓"), name, c.dim(elapsed(took)))
		return
	}
	fmt.Fprintf(p.s.Stderr, "%s: %s\n", name, elapsed(took))
}

// animate redraws the line of the step that is going on.
func (p *progress) animate() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for frame := 0; ; frame++ {
		select {
		case <-p.stop:
			fmt.Fprint(p.s.Stderr, "\r\x1b[K")
			return
		case <-tick.C:
			p.draw(frame)
		}
	}
}

func (p *progress) draw(frame int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.step == "" {
		return
	}
	c := p.s.err()
	spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	text := []rune(p.message)
	text = text[:min(len(text), max(p.s.Width-30, 0))]
	fmt.Fprintf(p.s.Stderr, "\r\x1b[K%s %-10s %s %s", c.cyan(string(spinner[frame%len(spinner)])), p.step,
		c.dim(elapsed(p.s.Now().Sub(p.began))), string(text))
}
