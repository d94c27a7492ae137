package load

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
)

// Run generates load until its time is up, standard input closes (if asked
// for) or SIGTERM or SIGINT comes, and prints the summary in every case. The
// exit code says only whether it could run: failed requests are results.
func Run(ctx context.Context, p *applet.Process) error {
	cfg := defaults()
	operands, err := p.Parse(cfg.options())
	if err != nil {
		return err
	}
	cfg.URLs = append(cfg.URLs, operands...)
	if err := cfg.validate(); err != nil {
		return &applet.UsageError{Err: err}
	}
	stopping, cancel := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer cancel()
	started, end := time.Now(), time.Time{}
	if cfg.UntilStdin {
		go func() {
			_, _ = io.Copy(io.Discard, p.Stdin) // an error ends the run as EOF does
			cancel()
		}()
	} else {
		end = started.Add(cfg.Duration)
	}
	g := newGenerator(cfg, started)
	out := json.NewEncoder(p.Stdout)
	var stream sync.WaitGroup
	ended := make(chan struct{})
	if cfg.Stream {
		stream.Go(func() { g.stream(out, ended) })
	}
	g.run(ctx, stopping.Done(), end)
	close(ended)
	stream.Wait()
	return out.Encode(g.collector.summary(time.Now()))
}

// stream prints an interval now and then, and the last one when ended closes.
func (g *generator) stream(out *json.Encoder, ended <-chan struct{}) {
	ticker := time.NewTicker(g.cfg.Interval)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			_ = out.Encode(g.progress(now)) // the summary's error is reported
		case <-ended:
			_ = out.Encode(g.progress(time.Now())) // as above
			return
		}
	}
}

// progress is what --stream prints: an Interval, or a Summary of type "so-far".
func (g *generator) progress(now time.Time) any {
	interval := g.collector.next(now)
	if !g.cfg.SoFar {
		return interval
	}
	sum := g.collector.summary(now)
	sum.Type = "so-far"
	return sum
}
