package main

import (
	"testing"
	"time"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/labs"
)

func TestAlong(t *testing.T) {
	held := func(id string, isolation lab.Isolation, seconds ...int) lab.Check {
		c := lab.Check{ID: id, Isolation: isolation}
		for _, s := range seconds {
			c.Expect = append(c.Expect, lab.Expect{For: lab.Duration(time.Duration(s) * time.Second)})
		}
		return c
	}
	l := &lab.Lab{Tasks: []lab.Task{
		{ID: "a", Checks: []lab.Check{held("x", lab.Shared, 3), held("y", lab.Shared, 1, 1), held("z", lab.Exclusive, 5, 2)}},
		{ID: "b", Checks: []lab.Check{held("x", lab.Exclusive, 10)}},
	}}
	if got := along(l, func(key string) time.Duration { return holdOf(l, key) }); got != 20*time.Second {
		t.Errorf("holds for %s, want 7 s and 10 s alone, and 3 s beside each other", got)
	}
	graded := check.Report{Tasks: []check.TaskResult{
		{ID: "a", Checks: []check.Result{{ID: "x", WaitedMs: 100}, {ID: "y", WaitedMs: 300}, {ID: "z", WaitedMs: 7000}}},
		{ID: "b", Checks: []check.Result{{ID: "x", WaitedMs: 12000}}},
	}}
	if got := along(l, func(key string) time.Duration { return waitOf(graded, key) }); got != 19300*time.Millisecond {
		t.Errorf("waits for %s, want 7 s and 12 s alone, and 300 ms beside each other", got)
	}
	source, err := lab.Catalogue{FS: labs.FS()}.Load("kubernetes-101")
	if err != nil {
		t.Fatal(err)
	}
	got := along(source.Lab, func(key string) time.Duration { return holdOf(source.Lab, key) })
	if got < 10*time.Second || got > time.Minute {
		t.Errorf("kubernetes-101 holds for %s", got)
	}
}
