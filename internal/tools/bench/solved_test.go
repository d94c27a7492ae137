package main

import (
	"testing"
	"time"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/labs"
)

func TestDwell(t *testing.T) {
	hold := func(isolation lab.Isolation, seconds ...int) lab.Check {
		c := lab.Check{Isolation: isolation}
		for _, s := range seconds {
			c.Expect = append(c.Expect, lab.Expect{For: lab.Duration(time.Duration(s) * time.Second)})
		}
		return c
	}
	l := &lab.Lab{Tasks: []lab.Task{
		{Checks: []lab.Check{hold(lab.Shared, 3), hold(lab.Shared, 1, 1), hold(lab.Exclusive, 5, 2)}},
		{Checks: []lab.Check{hold(lab.Exclusive, 10)}},
	}}
	if got := dwell(l); got != 20*time.Second {
		t.Errorf("got %s, want 7 s and 10 s alone, and 3 s beside each other", got)
	}
	source, err := lab.Catalogue{FS: labs.FS()}.Load("kubernetes-101")
	if err != nil {
		t.Fatal(err)
	}
	if got := dwell(source.Lab); got < 10*time.Second || got > time.Minute {
		t.Errorf("kubernetes-101 holds for %s", got)
	}
}
