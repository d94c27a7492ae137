package web

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// balancer spreads requests over the backends whose /readyz said yes when it
// was last asked, every 50 ms: endpoints are never quite up to date.
type balancer struct {
	mu       sync.Mutex
	all      []*running
	ready    []*running
	replaced int
	turn     int
}

func (b *balancer) add(r *running) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, r)
}

// oldest is the next backend to stop.
func (b *balancer) oldest() *running {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replaced++
	return b.all[b.replaced-1]
}

func (b *balancer) next() *running {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return nil
	}
	b.turn++
	return b.ready[b.turn%len(b.ready)]
}

func (b *balancer) refresh() {
	b.mu.Lock()
	all := append([]*running{}, b.all...)
	b.mu.Unlock()
	var ready []*running
	for _, r := range all {
		if response, err := http.Get("http://" + r.address + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				ready = append(ready, r)
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

// load sends a request every 2 ms on a connection of its own.
func (b *balancer) load(ctx context.Context, total, failed *atomic.Int64) {
	b.refresh()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	requests, refreshes := time.NewTicker(2*time.Millisecond), time.NewTicker(50*time.Millisecond)
	defer requests.Stop()
	defer refreshes.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-refreshes.C:
			inFlight.Go(b.refresh)
		case <-requests.C:
			inFlight.Go(func() {
				total.Add(1)
				if !b.request(client) {
					failed.Add(1)
				}
			})
		}
	}
}

func (b *balancer) request(client *http.Client) bool {
	backend := b.next()
	if backend == nil {
		return false
	}
	response, err := client.Get("http://" + backend.address + "/")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusOK
}
