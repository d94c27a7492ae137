package command

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// inherited returns the file descriptor number of a listening socket.
func inherited(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return int(file.Fd())
}

func TestParseFlags(t *testing.T) {
	for _, test := range []struct {
		name, kind string
		args       []string
		problem    string // part of the error
	}{
		{"agent", "agent", []string{"--node-name", "w", "--node-ip", "10.98.0.12", "--index", "2"}, ""},
		{"no address", "agent", []string{"--node-name", "w"}, "--node-ip"},
		{"no name", "agent", []string{"--node-ip", "10.98.0.12"}, "needs a name"},
		{"index too big", "agent", []string{"--node-name", "w", "--node-ip", "10.98.0.12", "--index", "255"}, "1 to 254"},
		{"unknown flag", "agent", []string{"--dance"}, "dance"},
		{"agents serve no API", "agent", []string{"--api-fd", "3"}, "api-fd"},
		{"no socket", "server", []string{"--node-name", "s", "--node-ip", "10.98.0.11", "--api-fd", "999"}, "--api-fd 999"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append(test.args, "--control-fd", fmt.Sprint(inherited(t)))
			flags, err := parseFlags(test.kind, args)
			switch {
			case test.problem == "" && err != nil:
				t.Error(err)
			case test.problem == "" && (flags.node.Index != 2 || flags.control == nil || flags.node.DataDir != "/node"):
				t.Errorf("parsed %+v", flags)
			case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
				t.Errorf("got %v, want something about %q", err, test.problem)
			}
		})
	}
}

func TestDropOnlyTouchesTheProgram(t *testing.T) {
	for _, line := range []string{
		"1000-2000 rw-p 00000000 fe:00 1 /bin/labkube", // data has been written to
		"1000-2000 r-xp 00000000 fe:00 1 /lib/other",
		"1000-2000 r-xp 00000000 00:00 0 ",
	} {
		// Nothing is mapped there: an madvise would fail.
		if err := drop(line, "/bin/labkube"); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if err := drop("rubbish", "/bin/labkube"); err == nil {
		t.Error("rubbish was understood")
	}
	if err := dropCode(); err != nil {
		t.Errorf("this very program: %v", err)
	}
}
