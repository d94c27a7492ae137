package check

import (
	"errors"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// sketch makes a lab of checks written "task/check: need need", a star marking
// an exclusive one.
func sketch(t *testing.T, lines ...string) *lab.Lab {
	t.Helper()
	l := &lab.Lab{Name: "sketch"}
	for _, line := range lines {
		name, needs, _ := strings.Cut(line, ":")
		task, id, _ := strings.Cut(name, "/")
		c := lab.Check{ID: strings.TrimSuffix(id, "*"), Points: 1, Needs: strings.Fields(needs), Isolation: lab.Shared}
		if strings.HasSuffix(id, "*") {
			c.Isolation = lab.Exclusive
		}
		if n := len(l.Tasks); n == 0 || l.Tasks[n-1].ID != task {
			l.Tasks = append(l.Tasks, lab.Task{ID: task})
		}
		last := &l.Tasks[len(l.Tasks)-1]
		last.Checks = append(last.Checks, c)
	}
	return l
}

func planOf(t *testing.T, l *lab.Lab) (*plan, error) {
	t.Helper()
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	return newPlan(env, l)
}

func TestPlanFindsNeeds(t *testing.T) {
	l := sketch(t, "a/one", "a/two: one", "b/three: a/two")
	l.Tasks[1].Needs = []string{"a"}
	p, err := planOf(t, l)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a/one": "", "a/two": "a/one", "b/three": "a/two a/one a/two"}
	for _, n := range p.nodes {
		var needs []string
		for _, m := range n.needs {
			needs = append(needs, m.key)
		}
		if got := strings.Join(needs, " "); got != want[n.key] {
			t.Errorf("%s needs %q, want %q", n.key, got, want[n.key])
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for _, l := range []*lab.Lab{
		sketch(t, "a/one: two"),
		sketch(t, "a/one: b/two"),
		sketch(t, "a/one: two", "a/two: three", "a/three: one"),
	} {
		if _, err := planOf(t, l); err == nil {
			t.Errorf("no error for %+v", l.Tasks)
		}
	}
	l := sketch(t, "a/one")
	l.Tasks[0].Checks[0].Expect = []lab.Expect{{That: "self.=="}}
	if _, err := planOf(t, l); err == nil || !strings.Contains(err.Error(), "a/one, expect 1: that") {
		t.Errorf("a broken expression: %v", err)
	}
}

func TestChoose(t *testing.T) {
	p, err := planOf(t, sketch(t, "a/one", "a/two", "b/three: a/two", "c/four"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		only        []string
		report, run string
	}{
		"all":                   {nil, "a/one a/two b/three c/four", "a/one a/two b/three c/four"},
		"a task":                {[]string{"a"}, "a/one a/two", "a/one a/two"},
		"a check with its need": {[]string{"b/three"}, "b/three", "a/two b/three"},
		"two":                   {[]string{"c", "a/one"}, "a/one c/four", "a/one c/four"},
	}
	for name, tt := range tests {
		s, err := p.choose(tt.only)
		if err != nil {
			t.Fatal(err)
		}
		keys := func(set map[*node]bool) string {
			var list []string
			for _, n := range p.nodes {
				if set[n] {
					list = append(list, n.key)
				}
			}
			return strings.Join(list, " ")
		}
		if keys(s.report) != tt.report || keys(s.run) != tt.run {
			t.Errorf("%s: reports %q, runs %q", name, keys(s.report), keys(s.run))
		}
	}
	for name, known := range map[string]string{"d": "a b c", "d/one": "a b c", "a/tow": "a/one a/two"} {
		var unknown *UnknownError
		if _, err := p.choose([]string{name}); !errors.As(err, &unknown) || strings.Join(unknown.Known, " ") != known {
			t.Errorf("%s: %v", name, err)
		}
	}
}
