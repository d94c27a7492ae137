package undo

import (
	"strings"
	"testing"
)

func TestWhatTheEnvironmentHasNotGot(t *testing.T) {
	for _, r := range []Record{
		{Containers: []Container{{ID: "a"}}},
		{Created: []Ref{{Kind: "Pod", Name: "a"}}},
		{Restart: []Ref{{Kind: "Deployment", Name: "a"}}},
	} {
		if err := Run(t.Context(), World{}, r); err == nil || !strings.Contains(err.Error(), "this environment has no") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
