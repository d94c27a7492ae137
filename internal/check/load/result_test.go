package load

import (
	"testing"
	"time"

	labapp "labctl.dev/labctl/internal/labapp/load"
)

func TestUnfit(t *testing.T) {
	tests := map[string]struct {
		s     labapp.Summary
		age   time.Duration
		unfit bool
	}{
		"all sent":                         {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 100}},
		"half of them missing":             {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 50}, unfit: true},
		"in flight while it runs":          {s: labapp.Summary{Type: "so-far", Seconds: 10, Total: 55}},
		"missing while it runs":            {s: labapp.Summary{Type: "so-far", Seconds: 100, Total: 500}, unfit: true},
		"a few late":                       {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 100, Lagged: 20}},
		"many late":                        {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 100, Lagged: 40}, unfit: true},
		"a few late, all failures refused": {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 100, Lagged: 20, Failed: 3, ByReason: map[string]int{"refused": 3}}},
		"a few late, all failures timeouts": {
			s: labapp.Summary{Type: "summary", Seconds: 10, Total: 100, Lagged: 20, Failed: 3, ByReason: map[string]int{"timeout": 3}}, unfit: true,
		},
		"timeouts on an idle machine":      {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 100, Failed: 3, ByReason: map[string]int{"timeout": 3}}},
		"a service too slow":               {s: labapp.Summary{Type: "summary", Seconds: 10, Total: 60, Saturated: 40}},
		"stopped, then waited for answers": {s: labapp.Summary{Type: "summary", Seconds: 15, Total: 100}},
		"silent":                           {s: labapp.Summary{Type: "so-far", Seconds: 10, Total: 100}, age: 5 * time.Second, unfit: true},
	}
	for name, tt := range tests {
		l := &Load{opts: Options{RPS: 10, Timeout: 5 * time.Second}, last: tt.s, seen: time.Now().Add(-tt.age)}
		if tt.s.Type == "summary" {
			l.stopped, l.sending = true, 10
		}
		if got := l.unfit(); (got != "") != tt.unfit {
			t.Errorf("%s: %q", name, got)
		}
	}
}
