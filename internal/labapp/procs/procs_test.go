package procs

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applettest"
)

func TestEnvironment(t *testing.T) {
	t.Setenv("LABAPP_A", "1")
	if got := applettest.Run(t, Printenv, "printenv", "", "LABAPP_A", "LABAPP_NONE"); got.Stdout != "1\n" || got.Code != 1 {
		t.Errorf("printenv = %+v", got)
	}
	if got := applettest.Run(t, Env, "env", ""); !strings.Contains(got.Stdout, "LABAPP_A=1\n") {
		t.Errorf("env = %+v", got)
	}
	if got := applettest.Run(t, Env, "env", "", "-i", "B=2").Stdout; got != "B=2\n" {
		t.Errorf("env -i = %q", got)
	}
	if got := applettest.Run(t, Env, "env", "", "-u", "LABAPP_A").Stdout; strings.Contains(got, "LABAPP_A") {
		t.Errorf("env -u = %q", got)
	}
}

// self is a program that is there wherever tests run: this one.
func self(t *testing.T, mode string) string {
	t.Helper()
	t.Setenv("LABAPP_TEST_MODE", mode)
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	switch os.Getenv("LABAPP_TEST_MODE") {
	case "args":
		os.Stdout.WriteString(strings.Join(os.Args[1:], " ") + "\n")
	case "exit3":
		os.Exit(3)
	case "hang":
		<-time.After(time.Hour)
	case "":
		os.Exit(m.Run())
	}
}

func TestXargs(t *testing.T) {
	args := self(t, "args")
	for _, test := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"a 'b c'\nd", []string{args, "x"}, "x a b c d\n"},
		{"a b c", []string{"-n2", args}, "a b\nc\n"},
		{"a b\x00c", []string{"-0", args}, "a b c\n"},
		{"one two\nthree\n", []string{"-I{}", args, "<{}>"}, "<one two>\n<three>\n"},
		{"", []string{args, "none"}, "none\n"},
		{"", []string{"-r", args, "none"}, ""},
	} {
		if got := applettest.Run(t, Xargs, "xargs", test.stdin, test.args...); got.Stdout != test.want || got.Code != 0 {
			t.Errorf("xargs %v = %+v, want %q", test.args[:len(test.args)-1], got, test.want)
		}
	}
}

func TestCodesOfCommands(t *testing.T) {
	program := self(t, "exit3")
	if got := applettest.Run(t, Xargs, "xargs", "a", program); got.Code != 123 {
		t.Errorf("xargs: code %d, want 123", got.Code)
	}
	if got := applettest.Run(t, Timeout, "timeout", "", "10", program); got.Code != 3 {
		t.Errorf("timeout: code %d, want the command's 3", got.Code)
	}
	if got := applettest.Run(t, Timeout, "timeout", "", "1", "/no/such/program"); got.Code != 127 {
		t.Errorf("timeout: code %d, want 127", got.Code)
	}
	program = self(t, "hang")
	if got := applettest.Run(t, Timeout, "timeout", "", "0.1", program); got.Code != 124 {
		t.Errorf("timeout: code %d, want 124", got.Code)
	}
}

func TestKillAndPs(t *testing.T) {
	child := exec.Command(self(t, "hang"))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(child.Process.Pid)
	if got := applettest.Run(t, Ps, "ps", "", "aux").Stdout; !strings.Contains(got, "\n"+pid+" ") {
		t.Errorf("ps does not list %s:\n%s", pid, got)
	}
	if got := applettest.Run(t, Kill, "kill", "", "-0", pid); got.Code != 0 {
		t.Errorf("kill -0: %+v", got)
	}
	if got := applettest.Run(t, Kill, "kill", "", "-s", "KILL", pid); got.Code != 0 {
		t.Errorf("kill: %+v", got)
	}
	_ = child.Wait() // it was killed
	if status := child.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", status)
	}
	if got := applettest.Run(t, Kill, "kill", "", pid); got.Code != 1 || !strings.Contains(got.Stderr, "no such process") {
		t.Errorf("kill of the dead: %+v", got)
	}
	for _, args := range [][]string{{}, {"-FOO", pid}} {
		if got := applettest.Run(t, Kill, "kill", "", args...); got.Code != 2 {
			t.Errorf("kill %v: code %d, want 2", args, got.Code)
		}
	}
}

func TestSleepAndDate(t *testing.T) {
	begun := time.Now()
	if got := applettest.Run(t, Sleep, "sleep", "", "0.02", "10ms"); got.Code != 0 || time.Since(begun) < 30*time.Millisecond {
		t.Errorf("slept %v: %+v", time.Since(begun), got)
	}
	if got := applettest.Run(t, Sleep, "sleep", "", "soon"); got.Code != 2 {
		t.Errorf("sleep soon: %+v", got)
	}
	if got := formatTime(time.Unix(1e9, 5e6).UTC(), "%F %T %s %% %3N %a"); got != "2001-09-09 01:46:40 1000000000 % 005 Sun" {
		t.Errorf("date = %q", got)
	}
}

func TestIdentity(t *testing.T) {
	if got := applettest.Run(t, ID, "id", "", "-u").Stdout; got != strconv.Itoa(os.Geteuid())+"\n" {
		t.Errorf("id -u = %q", got)
	}
	if got := applettest.Run(t, ID, "id", "").Stdout; !strings.HasPrefix(got, "uid="+strconv.Itoa(os.Geteuid())) {
		t.Errorf("id = %q", got)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if got := applettest.Run(t, Hostname, "hostname", "").Stdout; got != host+"\n" {
		t.Errorf("hostname = %q", got)
	}
	if got := applettest.Run(t, Uname, "uname", "", "-sn").Stdout; got != "Linux "+host+"\n" {
		t.Errorf("uname = %q", got)
	}
	if got := applettest.Run(t, Free, "free", "", "-m").Stdout; !strings.Contains(got, "Mem:") {
		t.Errorf("free = %q", got)
	}
}
