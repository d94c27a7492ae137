//go:build unix

package proc

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRunReportsWhatAFailingProgramSaid(t *testing.T) {
	err := Command{Path: "sh", Args: []string{"-c", "echo broken >&2; exit 3"}}.Run(t.Context())
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || exit.Said != "broken" {
		t.Fatalf("got %#v, want exit code 3 that said broken", err)
	}
}

func TestOutputAndInput(t *testing.T) {
	out, err := Command{Path: "cat", Stdin: strings.NewReader("hello")}.Output(t.Context())
	if err != nil || string(out) != "hello" {
		t.Fatalf("got %q, %v", out, err)
	}
}

func TestCancellationIsPoliteFirst(t *testing.T) {
	tests := map[string]struct {
		script string
		wants  string
	}{
		"a program that listens is not killed": {"trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.01; done", "up\nbye\n"},
		"a deaf program is":                    {"trap '' INT; echo up; while :; do sleep 0.01; done", "up\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			out := &watched{word: "up", seen: cancel}
			err := Command{Path: "sh", Args: []string{"-c", tt.script}, Stdout: out, Group: true, grace: 300 * time.Millisecond}.Run(ctx)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v does not wrap the context's", err)
			}
			if out.String() != tt.wants {
				t.Errorf("output %q, want %q", out.String(), tt.wants)
			}
		})
	}
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// The grandchild holds the pipe's other end for as long as it lives.
	p, err := Command{Path: "sh", Args: []string{"-c", "sleep 60 & wait"}, Files: []*os.File{w}, Group: true}.Start()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	p.Stop(t.Context(), time.Second)
	p.Stop(t.Context(), time.Second)
	_ = r.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := r.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("a grandchild survived Stop")
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	said := &tail{}
	for range 1000 {
		_, _ = said.Write([]byte("0123456789"))
	}
	_, _ = said.Write([]byte("end"))
	if s := said.String(); len(s) != tailSize || !strings.HasSuffix(s, "789end") {
		t.Fatalf("kept %d bytes ending in %q", len(s), s[len(s)-6:])
	}
}

// watched is a buffer that calls seen once it holds word.
type watched struct {
	said bytes.Buffer
	word string
	seen func()
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.said.Write(p)
	if strings.Contains(w.said.String(), w.word) {
		w.seen()
	}
	return n, err
}

func (w *watched) String() string { return w.said.String() }
