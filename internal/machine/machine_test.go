//go:build linux

package machine

import (
	"log/slog"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/node"
)

func TestPastCrashesAreForgotten(t *testing.T) {
	m := &Machine{log: slog.New(slog.DiscardHandler), restarting: map[string]string{}}
	m.note(node.Event{Event: node.Exited, Component: "containerd", Error: "ended by signal 9"})
	if got := m.Restarting()["containerd"]; got != "ended by signal 9" {
		t.Errorf("containerd %q", got)
	}
	m.Well()
	if got := m.Restarting(); len(got) > 0 || m.trouble() != "it gave no reason" {
		t.Errorf("an old crash is told again: %v, %s", got, m.trouble())
	}
}

func TestTroubleQuotesTheLastWords(t *testing.T) {
	m := &Machine{log: slog.New(slog.DiscardHandler), restarting: map[string]string{}}
	if got := m.trouble(); got != "it gave no reason" {
		t.Error(got)
	}
	m.note(node.Event{Event: node.Failed, Component: "labkube", Error: "ended with code 1", Log: []string{"first\n", "no space left\n"}})
	m.note(node.Event{Event: node.Failed, Component: "node", Error: "labkube crashed 6 times"})
	if got := m.trouble(); !strings.HasPrefix(got, "labkube: ended with code 1") || !strings.HasSuffix(got, "no space left") {
		t.Error(got)
	}
}
