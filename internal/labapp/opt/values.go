package opt

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseDuration accepts Go durations ("250ms", "1m30s"), "infinity" is not
// one; a bare number means seconds.
func ParseDuration(v string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(v, 64); err == nil {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		return 0, fmt.Errorf("not a duration (want 250ms, 2s or a number of seconds)")
	}
	return d, nil
}

// ParseBytes accepts a number of bytes with an optional k, M, G, Ki, Mi, Gi
// (an ending B is ignored), as Kubernetes quantities do.
func ParseBytes(v string) (int64, error) {
	units := []struct {
		suffix string
		factor float64
	}{
		{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30},
		{"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1},
	}
	text := strings.TrimSuffix(v, "B")
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || n < 0 {
			break
		}
		return int64(n * u.factor), nil
	}
	return 0, fmt.Errorf("not a size (want 64Mi, 1G or a number of bytes)")
}
