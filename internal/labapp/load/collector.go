package load

import (
	"maps"
	"sync"
	"time"
)

// outcome is what became of one request.
type outcome struct {
	due, ended   time.Time
	url          string
	reason       string // "" when it went well
	detail       string
	pod, version string
}

const maxFailures = 20

// collector adds outcomes up.
type collector struct {
	mu       sync.Mutex
	started  time.Time
	sum      Summary
	latency  histogram
	interval Interval
}

func newCollector(cfg *Config, started time.Time) *collector {
	c := &collector{started: started}
	c.sum = Summary{
		Type: "summary", URLs: cfg.URLs, StartedAt: started.UTC(), RPS: cfg.RPS,
		ByReason: map[string]int{}, Pods: map[string]int{}, Versions: map[string]int{}, Failures: []Failure{},
	}
	c.interval = emptyInterval()
	return c
}

func emptyInterval() Interval {
	return Interval{Type: "interval", ByReason: map[string]int{}, Versions: map[string]int{}}
}

func (c *collector) add(o outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Total++
	c.interval.Total++
	if o.pod != "" {
		c.sum.Pods[o.pod]++
	}
	if o.version != "" {
		c.sum.Versions[o.version]++
		c.interval.Versions[o.version]++
	}
	if o.reason == "" {
		c.sum.OK++
		c.interval.OK++
		c.latency.add(o.ended.Sub(o.due))
		return
	}
	c.sum.Failed++
	c.interval.Failed++
	c.sum.ByReason[o.reason]++
	c.interval.ByReason[o.reason]++
	if len(c.sum.Failures) < maxFailures {
		c.sum.Failures = append(c.sum.Failures, Failure{
			At: o.due.UTC(), OffsetMS: o.due.Sub(c.started).Milliseconds(), URL: o.url,
			Reason: o.reason, Detail: o.detail, Pod: o.pod, Version: o.version,
		})
	}
}

// late notes a request that was sent so much after it was due.
func (c *collector) late(by time.Duration, saturated bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if saturated {
		c.sum.Saturated++
		return
	}
	c.sum.Lagged++
	c.interval.Lagged++
	c.sum.MaxLagMS = max(c.sum.MaxLagMS, ms(by))
}

// next returns the interval since the last call.
func (c *collector) next(now time.Time) Interval {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := c.interval
	done.OffsetMS = now.Sub(c.started).Milliseconds()
	c.interval = emptyInterval()
	return done
}

func (c *collector) summary(now time.Time) Summary {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sum
	s.ByReason, s.Pods, s.Versions = maps.Clone(s.ByReason), maps.Clone(s.Pods), maps.Clone(s.Versions)
	s.Seconds = now.Sub(c.started).Round(time.Millisecond).Seconds()
	s.Latency = c.latency.latency()
	return s
}
