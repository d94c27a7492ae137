package environment

import (
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"labctl.dev/labctl/internal/engine/none"
	"labctl.dev/labctl/internal/lab"
)

// ignore is an observer of nothing.
type ignore struct{}

func (ignore) StepStarted(string)             {}
func (ignore) Progress(string)                {}
func (ignore) StepDone(string, time.Duration) {}

// The cluster is asked after while a reset replaces it; the race detector says
// whether that is safe.
func TestTheClusterIsAskedAfterDuringAReset(t *testing.T) {
	src, problems := lab.Load(fstest.MapFS{"lab.yaml": {Data: []byte(`apiVersion: labctl.dev/v1alpha1
name: tiny
title: Tiny
summary: A lab of one task.
level: beginner
minutes: 1
needs: {}
tasks:
- id: one
  title: One
  hints: [One.]
  checks:
  - id: one
    title: One
    expect:
    - script: {file: one.sh}
`)}}, "tiny")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	setup := Setup{Engine: none.Engine{}, Lab: src, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	life, err := setup.New(testHome(t), "tiny", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := life.Start(t.Context(), false, ignore{}); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		if _, _, err := life.Rebuild(t.Context(), ignore{}); err != nil {
			t.Error(err)
		}
	}()
	for done := false; !done; {
		_ = life.Cluster()
		select {
		case <-over:
			done = true
		default:
		}
	}
	if life.Cluster() == nil {
		t.Error("there is no cluster after the reset")
	}
}
