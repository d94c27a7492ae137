package check

import (
	"context"
	"time"

	"labctl.dev/labctl/internal/check/probe"
)

// look is one observation, and when it was made.
type look struct {
	probe.Observation

	err          error
	began, ended time.Time
}

// source makes looks: by following the probe if it can, else by asking again.
type source struct {
	probe   probe.Probe
	pause   time.Duration // until the next look, when asking
	news    chan look     // nil when asking
	begin   func()        // starts to follow
	close   func()
	started bool
	looked  time.Time // when it last looked by itself
}

// How often a probe that cannot follow is asked again.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 250 * time.Millisecond
)

func newSource(ctx context.Context, p probe.Probe) *source {
	s := &source{probe: p, pause: firstPause, close: func() {}}
	follower, ok := p.(probe.Follower)
	if !ok {
		return s
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	s.news = make(chan look)
	s.begin = func() { go follow(ctx, follower, s.news, ended) }
	s.close = func() {
		cancel()
		if s.started {
			<-ended
		}
	}
	return s
}

// follow hands on everything that the follower sees. No state is left out, so
// that a dip that lasts a moment is not missed.
func follow(ctx context.Context, f probe.Follower, news chan<- look, ended chan<- struct{}) {
	defer close(ended)
	send := func(l look) bool {
		select {
		case news <- l:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		err := f.Follow(ctx, func(o probe.Observation) bool {
			now := time.Now()
			return send(look{Observation: o, began: now, ended: now})
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		now := time.Now()
		if !send(look{err: err, began: now, ended: now}) || !sleep(ctx, lastPause) {
			return
		}
	}
}

// now looks at once.
func (s *source) now(ctx context.Context) look {
	l := look{began: time.Now()}
	s.looked = l.began
	l.Observation, l.err = s.probe.Look(ctx)
	l.ended = time.Now()
	return l
}

// next returns the next change, or the next look when there are none to be told
// of, and looks at the given moment in any case.
func (s *source) next(ctx context.Context, until time.Time) look {
	wait := time.Until(until)
	if s.news == nil {
		wait = min(wait, s.pause)
		s.pause = min(s.pause*5/4, lastPause)
	} else if !s.started {
		s.started = true
		s.begin()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case l := <-s.news: // never, when nil
			if l.began.Before(s.looked) {
				continue // what a look has overtaken is history
			}
			return l
		case <-timer.C:
			return s.now(ctx)
		case <-ctx.Done():
			return look{err: context.Cause(ctx)}
		}
	}
}
