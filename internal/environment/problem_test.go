package environment

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"labctl.dev/labctl/internal/engine"
)

// What helps reaches the user from wherever it is known.
func TestAsProblem(t *testing.T) {
	trouble := &engine.Trouble{Reason: "no Docker answers", Remedy: "Start it"}
	for name, tt := range map[string]struct {
		err        error
		code, hint string
	}{
		"a problem":             {fmt.Errorf("outer: %w", problem(CodeBusy, "Wait.", nil, "busy")), CodeBusy, "Wait."},
		"an engine's trouble":   {fmt.Errorf("end the cluster: %w", trouble), CodeEngine, "Start it"},
		"a problem, and others": {errors.Join(problem(CodeSetup, "Look.", trouble, "cluster failed"), errors.New("and the clean-up")), CodeSetup, "Look."},
	} {
		p := AsProblem(tt.err)
		if p == nil || p.Code != tt.code || p.Hint != tt.hint || p.Message != tt.err.Error() {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	if p := AsProblem(errors.New("else")); p != nil {
		t.Errorf("out of nothing: %+v", p)
	}
}

// A step that fails for a known reason says what to do about that; another one,
// where to look.
func TestAFailedStepSaysWhatHelps(t *testing.T) {
	l := &Lifecycle{Env: &Environment{Home: Home{Dir: "/home/me"}, Record: Record{Name: "one"}}}
	for want, err := range map[string]error{
		"Start it":                      fmt.Errorf("up: %w", &engine.Trouble{Reason: "gone", Remedy: "Start it"}),
		"space on the disk of /home/me": fmt.Errorf("write: %w", syscall.ENOSPC),
		"ss -ltnp":                      errors.New("Error response from daemon: Bind for 127.0.0.1:80 failed: port is already allocated"),
		"/home/me/envs/one":             errors.New("else"),
		"Wait.":                         problem(CodeBusy, "Wait.", nil, "busy"),
	} {
		p := AsProblem(l.stepFailed(step{name: "cluster", code: CodeEngine}, "Look at %s.", err))
		if p == nil || !strings.Contains(p.Hint, want) || !strings.Contains(p.Message, err.Error()) {
			t.Errorf("for %v: got %+v, want %q", err, p, want)
		}
	}
}
