package stimulus

import (
	"strings"
	"testing"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/lab"
)

func TestCommandsThatComeToNothing(t *testing.T) {
	e := &exec{spec: lab.ExecStimulus{Command: []string{"curl", "-f", "http://127.0.0.1:8080/admin"}}}
	in := undo.Exec{Namespace: "shop", Pod: "web-1", Container: "web"}
	for _, code := range []int{0, 137, 143} {
		if f := e.unsuccessful(in, code, ""); f != nil {
			t.Errorf("exit code %d: %v", code, f)
		}
	}
	for said, want := range map[string]string{
		"":                                 `"curl -f http://127.0.0.1:8080/admin" ended with exit code 22`,
		"*\ncurl: the answer was 401 \n\n": "exit code 22: curl: the answer was 401",
	} {
		f := e.unsuccessful(in, 22, said)
		if f == nil || f.Code != CommandFailed || !strings.HasSuffix(f.Message, want) || !strings.Contains(f.Message, "pod web-1") {
			t.Errorf("after saying %q: %#v", said, f)
		}
	}
}

func TestLastWords(t *testing.T) {
	l := &lastWords{}
	for range 100 {
		_, _ = l.Write([]byte(strings.Repeat("x", 100))) // it never fails
	}
	_, _ = l.Write([]byte("the end"))
	if said := l.String(); len(said) != maxWords || !strings.HasSuffix(said, "xthe end") {
		t.Errorf("kept %d bytes", len(said))
	}
}
