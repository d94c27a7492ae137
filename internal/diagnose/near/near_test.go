package near

import "testing"

func TestBest(t *testing.T) {
	tests := []struct {
		want       string
		candidates []string
		best       string
	}{
		{"web", []string{"wbe", "db"}, "wbe"},
		{"web", []string{"db", "cache"}, ""},
		{"web", []string{"web"}, ""},
		{"web", nil, ""},
		{"web", []string{"webb", "web-v2"}, "webb"},
		{"web", []string{"my-web"}, "my-web"},
		{"web-config", []string{"webconfig", "config"}, "webconfig"},
		{"app-config", []string{"config"}, "config"},
		{"LOG_LEVEL", []string{"log-level", "LOG"}, "log-level"},
		{"greeting", []string{"GREETING"}, "GREETING"},
		{"frontend", []string{"backend"}, ""},
		{"frontend", []string{"fronted"}, "fronted"},
		{"web", []string{"orders", "website"}, "website"},
		{"web", []string{"website", "webb"}, "webb"},
		{"ab", []string{"abcdef"}, ""},
		{"a", []string{"b", "zz"}, "b"},
		{"", []string{"ab"}, ""},
	}
	for _, test := range tests {
		best, ok := Best(test.want, test.candidates)
		if best != test.best || ok != (test.best != "") {
			t.Errorf("Best(%q, %q) = %q, %v; want %q", test.want, test.candidates, best, ok, test.best)
		}
	}
}
