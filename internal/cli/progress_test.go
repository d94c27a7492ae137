package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestProgressCutsNoLetters(t *testing.T) {
	for width, want := range map[int]string{20: "", 33: "äöü", 80: "äöü ready"} {
		s, _ := terminal(width)
		said := &bytes.Buffer{}
		s.Stderr = said
		p := &progress{s: s}
		p.StepStarted("cluster")
		p.Progress("äöü ready")
		p.draw(0)
		if got := said.String(); !strings.HasSuffix(got, " "+want) || strings.ContainsRune(got, '�') {
			t.Errorf("%d columns show %q, want it to end in %q", width, got, want)
		}
	}
}
