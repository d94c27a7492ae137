// Package metrics keeps counters, gauges and histograms and prints them in
// the Prometheus text format (version 0.0.4).
//
// It is written by hand because the client library brings protobuf, whose
// registration at start-up would cost every applet milliseconds and memory.
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ContentType is what an HTTP handler sends with Registry.Write's output.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Registry holds metric families in the order they were made.
type Registry struct {
	mu       sync.Mutex
	families []*family
}

type family struct {
	name, help, kind string
	labels           []string
	bounds           []float64 // of a histogram
	series           map[string]*series
	read             func() float64 // of a gauge read when scraped
}

type series struct {
	values  []string
	value   float64
	buckets []uint64
	count   uint64
}

func (r *Registry) add(f *family) *family {
	f.series = map[string]*series{}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.families = append(r.families, f)
	return f
}

// Counter is a number that only grows.
type Counter struct {
	r *Registry
	f *family
}

// Counter makes a counter with these label names.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	return &Counter{r, r.add(&family{name: name, help: help, kind: "counter", labels: labels})}
}

// Inc adds one to the series with these label values.
func (c *Counter) Inc(values ...string) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.f.at(values).value++
}

// Gauge makes a gauge without labels that is read when scraped.
func (r *Registry) Gauge(name, help string, read func() float64) {
	r.add(&family{name: name, help: help, kind: "gauge", read: read})
}

// Info makes a gauge that is always 1 and carries facts as labels.
func (r *Registry) Info(name, help string, labels, values []string) {
	f := r.add(&family{name: name, help: help, kind: "gauge", labels: labels})
	f.at(values).value = 1
}

// Histogram counts observations in buckets.
type Histogram struct {
	r *Registry
	f *family
}

// Histogram makes a histogram with these upper bounds, smallest first.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) *Histogram {
	return &Histogram{r, r.add(&family{name: name, help: help, kind: "histogram", bounds: bounds, labels: labels})}
}

// Observe adds an observation to the series with these label values.
func (h *Histogram) Observe(v float64, values ...string) {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	s := h.f.at(values)
	if s.buckets == nil {
		s.buckets = make([]uint64, len(h.f.bounds))
	}
	for i, bound := range h.f.bounds {
		if v <= bound {
			s.buckets[i]++
		}
	}
	s.count++
	s.value += v
}

func (f *family) at(values []string) *series {
	key := strings.Join(values, "\x00")
	s := f.series[key]
	if s == nil {
		s = &series{values: slices.Clone(values)}
		f.series[key] = s
	}
	return s
}

// Write prints every family.
func (r *Registry) Write(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := bufio.NewWriter(w)
	for _, f := range r.families {
		fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		f.write(out)
	}
	return out.Flush()
}

func (f *family) write(w io.Writer) {
	if f.read != nil {
		fmt.Fprintf(w, "%s %s\n", f.name, number(f.read()))
		return
	}
	keys := make([]string, 0, len(f.series))
	for key := range f.series {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		s := f.series[key]
		if f.kind != "histogram" {
			fmt.Fprintf(w, "%s%s %s\n", f.name, f.braces(s, ""), number(s.value))
			continue
		}
		for i, bound := range f.bounds {
			fmt.Fprintf(w, "%s_bucket%s %d\n", f.name, f.braces(s, number(bound)), s.buckets[i])
		}
		fmt.Fprintf(w, "%s_bucket%s %d\n", f.name, f.braces(s, "+Inf"), s.count)
		fmt.Fprintf(w, "%s_sum%s %s\n", f.name, f.braces(s, ""), number(s.value))
		fmt.Fprintf(w, "%s_count%s %d\n", f.name, f.braces(s, ""), s.count)
	}
}

func (f *family) braces(s *series, le string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var pairs []string
	for i, label := range f.labels {
		pairs = append(pairs, label+`="`+escape.Replace(s.values[i])+`"`)
	}
	if le != "" {
		pairs = append(pairs, `le="`+le+`"`)
	}
	if len(pairs) == 0 {
		return ""
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
