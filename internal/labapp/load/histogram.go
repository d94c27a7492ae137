package load

import (
	"math"
	"time"
)

// histogram counts latencies in buckets each 2 % wider than the one before,
// from 10 µs to about an hour, so that its size does not depend on the run.
type histogram struct {
	buckets [1000]int
	count   int
	sum     time.Duration
	max     time.Duration
}

const (
	smallest = 10 * time.Microsecond
	growth   = 1.02
)

func (h *histogram) add(d time.Duration) {
	i := 0
	if d > smallest {
		i = min(int(math.Log(float64(d)/float64(smallest))/math.Log(growth))+1, len(h.buckets)-1)
	}
	h.buckets[i]++
	h.count++
	h.sum += d
	h.max = max(h.max, d)
}

// quantile returns the upper bound of the bucket that holds it.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int(math.Ceil(q * float64(h.count)))
	seen := 0
	for i, n := range h.buckets {
		seen += n
		if n > 0 && seen >= rank {
			bound := time.Duration(float64(smallest) * math.Pow(growth, float64(i)))
			return min(bound, h.max)
		}
	}
	return h.max
}

func (h *histogram) latency() Latency {
	if h.count == 0 {
		return Latency{}
	}
	return Latency{
		Mean: ms(h.sum / time.Duration(h.count)), P50: ms(h.quantile(.5)), P90: ms(h.quantile(.9)), P95: ms(h.quantile(.95)), P99: ms(h.quantile(.99)), Max: ms(h.max),
	}
}

// ms rounds to hundredths of a millisecond.
func ms(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*100) / 100
}
