package prober

import (
	"bytes"
	"testing"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/lookup"
)

// The applet and who reads it have to agree: a start would wait in vain.
func TestAllFound(t *testing.T) {
	var said bytes.Buffer
	p := &applet.Process{Name: "dns", Args: []string{"--timeout", perName, "127.0.0.1", "127.0.0.1"}, Stdout: &said, Stderr: &said}
	if err := lookup.Run(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	one := `{"name":"a","answers":[],"error":"no such host","errorKind":"notfound"}`
	for out, want := range map[string]bool{
		said.String():                true,
		"[" + one + "," + one + "]":  false,
		`[{"name":"a"}]`:             false,
		`{"name":"a"}`:               false,
		`[{"name":"a"},` + one + `]`: false,
	} {
		if got := allFound([]byte(out), 2); got != want {
			t.Errorf("%s: %v, want %v", out, got, want)
		}
	}
}
