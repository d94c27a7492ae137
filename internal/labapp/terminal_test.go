package labapp

import (
	"bytes"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

func pid(cmd *exec.Cmd) string { return strconv.Itoa(cmd.Process.Pid) }

// screen collects what a terminal shows.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// waitFor polls until the screen shows text n times.
func (s *screen) waitFor(t *testing.T, text string, n int) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(15 * time.Second); strings.Count(s.String(), text) < n; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("the terminal does not show %q %d times:\n%s", text, n, s.String())
		}
	}
}

// TestInteractiveShell types into a shell as kubectl exec -it does.
func TestInteractiveShell(t *testing.T) {
	cmd := command(t, t.TempDir(), "sh")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer terminal.Close()
	var s screen
	copied := make(chan struct{})
	go func() { defer close(copied); _, _ = io.Copy(&s, terminal) }()
	prompts := 0
	prompt := func() { t.Helper(); prompts++; s.waitFor(t, " # ", prompts) }
	if cmd.Process.Pid > 0 && !isRoot() {
		prompt = func() { t.Helper(); prompts++; s.waitFor(t, " $ ", prompts) }
	}
	keys := func(text string) {
		t.Helper()
		if _, err := io.WriteString(terminal, text); err != nil {
			t.Fatal(err)
		}
	}
	prompt()
	keys("X=4; echo $((X*10+2))\r")
	s.waitFor(t, "\n42", 1)
	prompt()
	keys("for i in 1 2; do\r") // goes on in the next line
	s.waitFor(t, "> ", 1)
	keys("echo line-$i; done\r")
	s.waitFor(t, "line-2", 1)
	prompt()
	keys("half a li\x03") // Ctrl-C while typing forgets the line
	s.waitFor(t, "^C", 1)
	prompt()
	keys("sleep 60\r")
	waitForChild(t, cmd, "sleep")
	keys("\x03") // Ctrl-C ends the command, not the shell
	prompt()
	keys("echo go; while true; do :; done\r") // and the shell's own loops
	s.waitFor(t, "\ngo", 1)
	keys("\x03")
	prompt()
	keys("echo still\r")
	s.waitFor(t, "\nstill", 1)
	prompt()
	keys("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r") // the history: up to the arithmetic
	s.waitFor(t, "\n42", 2)
	prompt()
	keys("exit 5\r")
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("exit 5 gave %v", err)
	}
}
