package component

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func block(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestFailureEndsAll(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		name string
		run  func(context.Context) error
		want string
	}{
		{"error", func(context.Context) error { return boom }, "part: boom"},
		{"silent return", func(context.Context) error { return nil }, "part: stopped by itself"},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := NewGroup(t.Context(), slog.New(slog.DiscardHandler))
			group.Go("other", block)
			group.Go("part", test.run)
			select {
			case <-group.Failed():
			case <-time.After(10 * time.Second):
				t.Fatal("the group goes on")
			}
			if err := group.Stop("other"); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestStopIsNoFailure(t *testing.T) {
	group := NewGroup(t.Context(), slog.New(slog.DiscardHandler))
	group.Go("part", block)
	if err := group.Stop("part"); err != nil {
		t.Errorf("asked to stop, yet %v", err)
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	group := NewGroup(t.Context(), slog.New(slog.DiscardHandler))
	release := make(chan struct{})
	defer close(release)
	group.Go("deaf", func(context.Context) error { <-release; return nil })
	begin := time.Now()
	if err := group.Stop("deaf"); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 10*stopDeadline {
		t.Errorf("stopped after %s", took)
	}
}

func TestHealth(t *testing.T) {
	group := NewGroup(t.Context(), slog.New(slog.DiscardHandler))
	group.Check("well", func(context.Context) error { return nil })
	group.Check("ill", func(ctx context.Context) error { <-ctx.Done(); return errors.New("too slow") })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	got := group.Health(ctx)
	if len(got) != 2 || !got[0].OK || got[1].OK || !strings.Contains(got[1].Error, "too slow") {
		t.Errorf("got %+v", got)
	}
}
