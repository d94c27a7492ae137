//go:build e2e

package proxy

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// load asks an address from several connections until stopped.
type load struct {
	asked  atomic.Int64
	mu     sync.Mutex
	errors []error
	wait   sync.WaitGroup
}

func (l *load) report(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors = append(l.errors, err)
}

// newConnections opens a connection for every question.
func (l *load) newConnections(ctx context.Context, from place, to string) {
	l.wait.Go(func() {
		_ = from.do(func() error {
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for ; ctx.Err() == nil; <-pace.C {
				if err := once(to); err != nil {
					l.report(fmt.Errorf("a new connection: %w", err))
				}
				l.asked.Add(1)
			}
			return nil
		})
	})
}

func once(to string) error {
	c, err := net.DialTimeout("tcp4", to, 3*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = ask(c)
	return err
}

// oneConnection asks all the time over one connection.
func (l *load) oneConnection(ctx context.Context, c net.Conn) {
	l.wait.Go(func() {
		defer c.Close()
		pace := time.NewTicker(5 * time.Millisecond)
		defer pace.Stop()
		for ; ctx.Err() == nil; <-pace.C {
			if _, _, err := ask(c); err != nil {
				l.report(fmt.Errorf("an open connection: %w", err))
				return
			}
			l.asked.Add(1)
		}
	})
}

// A rolling update: every endpoint is replaced, four times. What is old stops
// listening once the kernel knows, and keeps the connections that it has.
func TestRollingUpdateUnderLoad(t *testing.T) {
	w := newWorld(t)
	const rounds = 12
	client, other := w.pod("client", 5), w.pod("other", 6)
	listening := map[string]func(){}
	addr := func(i int) string { return fmt.Sprintf("10.244.1.%d", 100+i) }
	for i := range 3 {
		listening[addr(i)] = w.serve(w.pod(addr(i), 100+i), 8080)
	}
	current := []discoveryv1.Endpoint(readyAt(addr(0), addr(1), addr(2)))
	a := w.start(service("web", "10.96.1.1", withNodePort(30080)), slice("web", current...))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var l load
	for range 2 {
		l.newConnections(ctx, client, vip)
	}
	l.newConnections(ctx, w.outside, "10.98.0.11:30080")
	l.newConnections(ctx, w.node, "127.0.0.1:30080")
	for range 4 {
		c, err := other.dial("tcp4", vip)
		w.must(err)
		l.oneConnection(ctx, c)
	}
	var slowest time.Duration
	for round := range rounds {
		next := addr(3 + round)
		listening[next] = w.serve(w.pod(next, 103+round), 8080)
		w.expect("tcp4", expect{other, next + ":8080", next, "10.244.1.6"}) // ready, as a probe would find
		old := current[0].Addresses[0]
		current = append(slices.Clone(current[1:]), at(next, ready))
		// The old one terminates, as the API says first, then leaves the slice.
		slowest = max(slowest, a.change(slice("web", append([]discoveryv1.Endpoint{at(old, terminatingServing)}, current...)...)))
		listening[old]()
		a.change(slice("web", current...))
	}
	cancel()
	l.wait.Wait()
	for i, err := range l.errors {
		if i < 5 {
			t.Error(err)
		}
	}
	t.Logf("%d questions during %d replacements, %d failed; slowest sync %v", l.asked.Load(), rounds, len(l.errors), slowest)
	if l.asked.Load() < 1000 {
		t.Error("too little load to mean anything")
	}
}

// However often the rules change, no connection falls between old and new ones.
func TestCommitsLoseNothing(t *testing.T) {
	few := slice("web", readyAt("10.244.1.100", "10.244.1.101")...)
	all := slice("web", readyAt("10.244.1.100", "10.244.1.101", "10.244.1.102", "10.244.1.103")...)
	for name, tc := range map[string]struct {
		affinity int32
		change   func(w *world, a *api, round int)
	}{
		"endpoints": {0, func(_ *world, a *api, round int) {
			a.put([]*discoveryv1.EndpointSlice{few, all}[round%2])
		}},
		"endpoints with affinity": {60, func(_ *world, a *api, round int) {
			a.put([]*discoveryv1.EndpointSlice{few, all}[round%2])
		}},
		"written anew": {0, func(w *world, _ *api, _ int) { foreign(w) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			client := w.pod("client", 5)
			for i := range 4 {
				w.serve(w.pod(fmt.Sprint(i), 100+i), 8080)
			}
			svc := service("web", "10.96.1.1", withNodePort(30080))
			if tc.affinity != 0 {
				withAffinity(tc.affinity)(svc)
			}
			a := w.start(svc, few)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			var l load
			l.connect(ctx, client, vip)
			l.connect(ctx, w.node, vip)
			l.connect(ctx, w.outside, "10.98.0.11:30080")
			rounds := 0
			for ; ctx.Err() == nil; rounds++ {
				a.drain()
				tc.change(w, a, rounds)
				a.waitSync()
			}
			l.wait.Wait()
			for i, err := range l.errors {
				if i < 5 {
					t.Error(err)
				}
			}
			t.Logf("%d commits, %d connections, %d failed", rounds, l.asked.Load(), len(l.errors))
		})
	}
}

// connect opens and closes connections as fast as it can.
func (l *load) connect(ctx context.Context, from place, to string) {
	l.wait.Go(func() {
		_ = from.do(func() error {
			for ctx.Err() == nil {
				c, err := net.DialTimeout("tcp4", to, 3*time.Second)
				l.asked.Add(1)
				if err != nil {
					l.report(err)
					continue
				}
				_ = c.(*net.TCPConn).SetLinger(0) // no TIME_WAIT: ports would run out
				_ = c.Close()
			}
			return nil
		})
	})
}

// One replica that terminates keeps answering until its successor is ready.
func TestLastTerminatingEndpointServes(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	w.serve(w.pod("a", 6), 8080)
	w.serve(w.pod("b", 7), 8080)
	a := w.start(service("web", "10.96.1.1"), slice("web", readyAt("10.244.1.6")...))
	a.change(slice("web", at("10.244.1.6", terminatingServing), at("10.244.1.7", notReady)))
	w.expect("tcp4", expect{client, vip, "a", "10.244.1.5"})
	a.change(slice("web", at("10.244.1.6", terminatingServing), at("10.244.1.7", ready)))
	w.expect("tcp4", expect{client, vip, "b", "10.244.1.5"})
}

// How long after a change in the API the kernel has it.
func TestSyncLatency(t *testing.T) {
	for _, n := range []int{10, 200} {
		t.Run(fmt.Sprintf("%d services", n), func(t *testing.T) {
			w := newWorld(t)
			var objects []runtime.Object
			name := func(i int) string { return fmt.Sprintf("web-%d", i) }
			for i := range n {
				objects = append(objects,
					service(name(i), fmt.Sprintf("10.96.2.%d", i), withNodePort(int32(30000+i))),
					slice(name(i), readyAt("10.244.1.6", "10.244.1.7", "10.244.2.5")...))
			}
			start := time.Now()
			a := w.start(objects...)
			first := a.first.Sub(start)
			var took []time.Duration
			for i := range 100 {
				<-time.After(5 * time.Millisecond)
				a.drain()
				eps := readyAt("10.244.1.6", fmt.Sprintf("10.244.1.%d", 100+i%2), "10.244.2.5")
				start := time.Now()
				a.put(slice(name(i%n), eps...))
				a.waitSync()
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			a.drain()
			foreign(w)
			start = time.Now()
			a.waitSync()
			t.Logf("%d services: %v from nothing to the first sync; one change: median %v, p95 %v, max %v; all anew: %v",
				n, first, took[50], took[95], took[99], time.Since(start))
			if took[50] > 20*time.Millisecond {
				t.Errorf("the median sync took %v", took[50])
			}
		})
	}
}
