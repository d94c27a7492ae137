package web

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// State is what is wrong with the service on purpose.
type State struct {
	FailureRate float64 `json:"failureRate"`
	LatencyMS   int64   `json:"latencyMs"`
	Unhealthy   bool    `json:"unhealthy"`
	Unready     bool    `json:"unready"`
	Hanging     bool    `json:"hanging"`
}

type faults struct {
	mu      sync.Mutex
	initial State
	now     State
	owed    float64       // failures due, fractions included
	hang    chan struct{} // closed when the hang ends
}

func newFaults(cfg *Config) *faults {
	initial := State{FailureRate: cfg.FailureRate, LatencyMS: cfg.Latency.Milliseconds()}
	return &faults{initial: initial, now: initial}
}

func (f *faults) state() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *faults) change(edit func(*State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(&f.now)
	switch {
	case f.now.Hanging && f.hang == nil:
		f.hang = make(chan struct{})
	case !f.now.Hanging && f.hang != nil:
		close(f.hang)
		f.hang = nil
	}
}

// reset goes back to what the configuration says.
func (f *faults) reset() { f.change(func(s *State) { *s = f.initial }) }

// fails decides whether the next request fails. Failures are spread evenly,
// not drawn: of 10 requests at a rate of 0.2 exactly 2 fail.
func (f *faults) fails() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.owed += f.now.FailureRate
	if f.owed < 1 {
		return false
	}
	f.owed--
	return true
}

// wait holds a request while the service hangs.
func (f *faults) wait(ctx context.Context) {
	f.mu.Lock()
	hang := f.hang
	f.mu.Unlock()
	if hang == nil {
		return
	}
	select {
	case <-ctx.Done():
	case <-hang:
	}
}

// ballast is memory and CPU the service uses for nothing.
type ballast struct {
	mu       sync.Mutex
	blocks   [][]byte
	stopLeak context.CancelFunc
	stopBurn context.CancelFunc
}

// allocate holds n more bytes, written to so that they are really used.
func (b *ballast) allocate(n int64) {
	if n <= 0 {
		return
	}
	block := make([]byte, n)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocks = append(b.blocks, block)
}

// leak allocates so many bytes a second until ctx ends or it is called
// again; 0 gives back all that leaked.
func (b *ballast) leak(ctx context.Context, perSecond int64) {
	ctx, stop := context.WithCancel(ctx)
	b.mu.Lock()
	if b.stopLeak != nil {
		b.stopLeak()
	}
	b.stopLeak = stop
	if perSecond == 0 {
		b.blocks = nil
	}
	b.mu.Unlock()
	if perSecond == 0 {
		runtime.GC()
		return
	}
	go func() {
		for pause(ctx, 100*time.Millisecond) {
			b.allocate(max(perSecond/10, 1))
		}
	}()
}

// burn keeps so many cores busy until ctx ends or it is called again.
func (b *ballast) burn(ctx context.Context, cores float64) {
	ctx, stop := context.WithCancel(ctx)
	b.mu.Lock()
	if b.stopBurn != nil {
		b.stopBurn()
	}
	b.stopBurn = stop
	b.mu.Unlock()
	for ; cores > 0; cores-- {
		go burnCore(ctx, min(cores, 1))
	}
}

// burnCore is busy for a share of every 20 ms.
func burnCore(ctx context.Context, share float64) {
	const slice = 20 * time.Millisecond
	busy := time.Duration(share * float64(slice))
	for ctx.Err() == nil {
		until := time.Now().Add(busy)
		for time.Now().Before(until) && ctx.Err() == nil {
		}
		pause(ctx, slice-busy)
	}
}
