package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// terminal is a state whose standard output is a terminal without colours.
func terminal(width int) (*State, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return &State{
		Args: []string{"./bin/labctl"}, Environ: []string{"NO_COLOR=1"}, Stdout: out, Stderr: &bytes.Buffer{},
		StdoutTTY: true, Width: width, Now: time.Now,
	}, out
}

func TestMarkdown(t *testing.T) {
	s, _ := terminal(40)
	got := s.markdown("# Head\n\nA paragraph that is **longer** than one line,\nwith `some code that stays together`.\n\n" +
		"- an item that is so long that it wraps, too\n- [a link](https://example.com)\n\n    kubectl get pods  # **kept**\n\n```\n*kept*\n```\n")
	want := "Head\n\nA paragraph that is longer than one\nline, with\nsome code that stays together.\n\n" +
		"- an item that is so long that it\n  wraps, too\n- a link\n\n  kubectl get pods  # **kept**\n\n  *kept*\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.StdoutTTY = false
	if text := "# Head\n\n- *as* it is\n"; s.markdown(text) != text {
		t.Errorf("a pipe got %q", s.markdown(text))
	}
}

func TestTablesLineUpWhateverTheColours(t *testing.T) {
	s, out := terminal(80)
	s.Environ = nil // with colours
	s.table([]string{" ", "name", "points"}, [][]string{{s.mark("pass"), "größer", "1"}, {s.mark(""), "x", "10"}})
	var at []int
	for line := range strings.Lines(out.String()) {
		plain := strings.NewReplacer("\x1b[32m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(line)
		at = append(at, len([]rune(plain[:strings.LastIndexAny(plain[:len(plain)-1], " ")])))
	}
	if at[0] != at[1] || at[1] != at[2] {
		t.Errorf("the last column begins at %v in\n%s", at, out)
	}
}

func TestCommandsAreSpelledAsTheUserTypesThem(t *testing.T) {
	tests := map[string]struct {
		args0, executable string
		environ           []string
		want              string
	}{
		"in a checkout": {"./bin/labctl", "/src/bin/labctl", nil, "Run `sudo ./bin/labctl start x` or `./bin/labctl gc`, not labctl."},
		"installed":     {"labctl", "/usr/local/bin/labctl", nil, "Run `sudo labctl start x` or `labctl gc`, not labctl."},
		"out of sudo's reach": {
			"labctl", "/home/a/bin/labctl", []string{"LABCTL_HOME=/tmp/h"},
			"Run `sudo LABCTL_HOME=/tmp/h /home/a/bin/labctl start x` or `labctl gc`, not labctl.",
		},
		"with a space": {"/my dir/labctl", "/my dir/labctl", nil, "Run `sudo '/my dir/labctl' start x` or `'/my dir/labctl' gc`, not labctl."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &State{Args: []string{tt.args0}, Executable: tt.executable, Environ: tt.environ}
			if got := s.Typed("Run `sudo labctl start x` or `labctl gc`, not labctl."); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTheHomeIsTheInvokingUsers(t *testing.T) {
	tests := map[string]struct {
		environ []string
		dir     string
	}{
		"LABCTL_HOME":      {[]string{"LABCTL_HOME=/h", "XDG_STATE_HOME=/x", "HOME=/u"}, "/h"},
		"relative":         {[]string{"LABCTL_HOME=h"}, "/work/h"},
		"XDG":              {[]string{"XDG_STATE_HOME=/x", "HOME=/u"}, "/x/labctl"},
		"the default":      {[]string{"HOME=/u"}, "/u/.local/state/labctl"},
		"the last one set": {[]string{"HOME=/a", "HOME=/b"}, "/b/.local/state/labctl"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &State{Environ: tt.environ, Dir: "/work", UID: 1000, GID: 1000}
			h, err := s.home()
			if err != nil || h.Dir != tt.dir || h.Owner.UID != 1000 {
				t.Errorf("got %+v, %v, want %s", h, err, tt.dir)
			}
		})
	}
}
