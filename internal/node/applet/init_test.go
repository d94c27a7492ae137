//go:build linux

package applet

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// asInit makes this test program run Init with the arguments in it.
const asInit = "TEST_AS_DOCKER_INIT"

func TestMain(m *testing.M) {
	if args := os.Getenv(asInit); args != "" {
		os.Exit(Init(strings.Split(args, "\x1f")))
	}
	os.Exit(m.Run())
}

// initOf is this program as docker-init of a command.
func initOf(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asInit+"="+strings.Join(args, "\x1f"))
	return cmd
}

func codeOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}

func TestInitEndsLikeItsCommand(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		code int
	}{
		"well":                {[]string{"--", "true"}, 0},
		"badly":               {[]string{"--", "sh", "-c", "exit 7"}, 7},
		"by a signal":         {[]string{"--", "sh", "-c", "kill -9 $$"}, 137},
		"not found":           {[]string{"--", "no-such-program"}, 127},
		"not executable":      {[]string{"--", "/etc/passwd"}, 126},
		"after its children":  {[]string{"--", "sh", "-c", "sh -c 'exit 3' & wait; exit 5"}, 5},
		"without a separator": {[]string{"sh", "-c", "exit 4"}, 4},
		"nothing to run":      {[]string{"--"}, 1},
		"version":             {[]string{"--version"}, 0},
	} {
		if got := codeOf(t, initOf(t, tt.args...).Run()); got != tt.code {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.code)
		}
	}
}

func TestInitHandsSignalsOn(t *testing.T) {
	cmd := initOf(t, "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do read line; done")
	in, err := cmd.StdinPipe() // never written to: the shell waits
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := codeOf(t, cmd.Wait()); got != 9 {
		t.Errorf("exit code %d, want that of the command's trap", got)
	}
}
