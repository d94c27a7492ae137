package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/labapp/neterr"
)

// lagLimit is how late a request may be sent without being called late:
// timers and schedulers are never exact.
const lagLimit = 100 * time.Millisecond

type generator struct {
	cfg       *Config
	client    *http.Client
	collector *collector
}

func newGenerator(cfg *Config, started time.Time) *generator {
	transport := &http.Transport{
		DisableKeepAlives:   !cfg.KeepAlive,
		DisableCompression:  true,
		MaxIdleConnsPerHost: cfg.Concurrency,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: cfg.Insecure},
	}
	client := &http.Client{
		Transport: transport, Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &generator{cfg, client, newCollector(cfg, started)}
}

// run sends every request that is due before end (for ever, when zero),
// however late, unless stop closes; at end it gives up those that find no
// slot. It then waits for those in flight, which the timeout bounds. Requests
// use ctx, so ending it drops them.
func (g *generator) run(ctx context.Context, stop <-chan struct{}, end time.Time) {
	slots := make(chan struct{}, g.cfg.Concurrency)
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	saturated := false
	for i := 0; ; i++ {
		due := g.collector.started.Add(time.Duration(float64(i) / g.cfg.RPS * float64(time.Second)))
		if !end.IsZero() && !due.Before(end) {
			waitUntil(end, stop)
			return
		}
		if !waitUntil(due, stop) {
			return
		}
		select {
		case slots <- struct{}{}:
		default:
			saturated = true
			if !waitForSlot(slots, stop, end) {
				return
			}
		}
		if late := time.Since(due); late > lagLimit {
			g.collector.late(late, saturated)
		} else {
			saturated = false
		}
		url := g.cfg.URLs[i%len(g.cfg.URLs)]
		inFlight.Go(func() {
			g.collector.add(g.request(ctx, url, due))
			<-slots
		})
	}
}

// waitForSlot reports false when stop or end came first.
func waitForSlot(slots chan<- struct{}, stop <-chan struct{}, end time.Time) bool {
	var over <-chan time.Time // never, without an end
	if !end.IsZero() {
		timer := time.NewTimer(time.Until(end))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case slots <- struct{}{}:
		return true
	case <-stop:
	case <-over:
	}
	return false
}

// waitUntil reports false when stop came first.
func waitUntil(due time.Time, stop <-chan struct{}) bool {
	select {
	case <-stop:
		return false
	default:
	}
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-stop:
		return false
	case <-timer.C:
		return true
	}
}

func (g *generator) request(ctx context.Context, url string, due time.Time) outcome {
	o := outcome{due: due, url: url}
	response, err := g.send(ctx, url)
	if err == nil {
		o.pod = response.Header.Get("X-Labapp-Pod")
		o.version = response.Header.Get("X-Labapp-Version")
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	o.ended = time.Now()
	switch {
	case err != nil:
		o.reason, o.detail = neterr.Kind(err), err.Error()
	case g.cfg.Expect != 0 && response.StatusCode != g.cfg.Expect, g.cfg.Expect == 0 && response.StatusCode >= 400:
		o.reason = fmt.Sprintf("status-%d", response.StatusCode)
	}
	return o
}

func (g *generator) send(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, g.cfg.Method, url, strings.NewReader(g.cfg.Body))
	if err != nil {
		return nil, err
	}
	request.Header = g.cfg.Header.Clone()
	request.Host = g.cfg.Host
	return g.client.Do(request)
}
