package load

import "time"

// Summary is the JSON a run prints at its end. Its counts add up:
// total = ok + failed, and failed is the sum of byReason.
type Summary struct {
	Type      string    `json:"type"` // "summary", or "so-far" before the end
	URLs      []string  `json:"urls"`
	StartedAt time.Time `json:"startedAt"`
	Seconds   float64   `json:"seconds"`
	RPS       float64   `json:"rps"` // as asked for

	Total  int `json:"total"`
	OK     int `json:"ok"`
	Failed int `json:"failed"`
	// ByReason counts failures: refused, timeout, reset, dns, unreachable,
	// tls, protocol, other (see package neterr) or status-NNN.
	ByReason map[string]int `json:"byReason"`

	// Lagged counts requests sent late because this machine was too busy to
	// run the generator: with many of them a failure proves nothing.
	Lagged   int     `json:"lagged"`
	MaxLagMS float64 `json:"maxLagMs"`
	// Saturated counts requests sent late because as many were already in
	// flight as --concurrency allows: the service is too slow for the rate.
	Saturated int `json:"saturated"`

	Latency  Latency        `json:"latencyMs"`
	Pods     map[string]int `json:"pods"`     // answers by X-Labapp-Pod
	Versions map[string]int `json:"versions"` // answers by X-Labapp-Version
	// Failures are the first ones, at most 20.
	Failures []Failure `json:"failures"`
}

// Latency is in milliseconds from the moment a request was due until its
// answer was read, over successful requests; percentiles are exact to 2 %.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// Failure is one request that failed.
type Failure struct {
	At       time.Time `json:"at"`
	OffsetMS int64     `json:"offsetMs"` // since the start of the run
	URL      string    `json:"url"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail,omitempty"`
	Pod      string    `json:"pod,omitempty"`
	Version  string    `json:"version,omitempty"`
}

// Interval is what --stream prints now and then: the counts since the line
// before.
type Interval struct {
	Type     string         `json:"type"` // "interval"
	OffsetMS int64          `json:"offsetMs"`
	Total    int            `json:"total"`
	OK       int            `json:"ok"`
	Failed   int            `json:"failed"`
	ByReason map[string]int `json:"byReason"`
	Lagged   int            `json:"lagged"`
	Versions map[string]int `json:"versions"`
}
