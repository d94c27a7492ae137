package labapp

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is labapp when this is set, so that shells under test can
// run applets by running themselves again.
const asLabapp = "LABAPP_TEST_IS_LABAPP"

func TestMain(m *testing.M) {
	if os.Getenv(asLabapp) != "" {
		os.Exit(Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command is labapp as a process of its own. Its PATH holds links to xargs'
// and timeout's commands, which these can run only from there; all else is
// found by the shell itself.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = dir
	bin := t.TempDir()
	for _, name := range []string{"echo", "basename", "sleep"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Env = []string{asLabapp + "=1", "PATH=" + bin, "HOME=" + dir}
	return cmd
}

func runShell(t *testing.T, dir, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, dir, append([]string{"sh"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return code, out.String(), errs.String()
}

func TestShellScripts(t *testing.T) {
	for name, test := range map[string]struct {
		script, want string
		code         int
	}{
		"pipe":              {"printf 'b\\na\\nb\\n' | sort | uniq -c | tr -s ' '", " 1 a\n 2 b\n", 0},
		"redirects":         {"echo one > f; echo two >> f; cat < f; ls nosuch 2> err; wc -l < err", "one\ntwo\n1\n", 0},
		"exit code":         {"exit 7", "", 7},
		"code of last":      {"true; false", "", 1},
		"code of pipe":      {"false | true; echo $?", "0\n", 0},
		"not found":         {"nosuchcommand; echo $?", "127\n", 0},
		"and or":            {"false && echo a || echo b", "b\n", 0},
		"loop":              {"for i in $(seq 3); do [ $i = 2 ] && continue; echo $i; done", "1\n3\n", 0},
		"while read":        {"printf 'a b\\nc d\\n' | while read x y; do echo $y; done", "b\nd\n", 0},
		"function":          {"f() { echo \"got $1\"; return 3; }; f x; echo $?", "got x\n3\n", 0},
		"heredoc":           {"cat <<EOF\nhi $((1+2))\nEOF", "hi 3\n", 0},
		"glob":              {"touch b.txt a.txt c.log; echo *.txt", "a.txt b.txt\n", 0},
		"subshell keeps wd": {"mkdir d; (cd d; pwd | sed 's,.*/,,'); [ \"$(basename $(pwd))\" != d ] && echo out", "d\nout\n", 0},
		"background":        {"sleep 0.1 & wait; echo done", "done\n", 0},
		"case":              {"case web-1 in web-*) echo web;; *) echo no;; esac", "web\n", 0},
		"command variable":  {"X=1 env | grep ^X=", "X=1\n", 0},
		"export":            {"export Y=2; env | grep ^Y=", "Y=2\n", 0},
		"exit trap":         {"trap 'echo bye' EXIT; echo hi", "hi\nbye\n", 0},
		"exec replaces":     {"echo before; exec echo after; echo never", "before\nafter\n", 0},
		"exec in subshell":  {"(exec echo in); echo out", "in\nout\n", 0},
		"exec in pipe":      {"exec echo x | cat; echo out", "x\nout\n", 0},
		"exec not found":    {"exec nosuchcommand; echo never", "", 127},
		"kill is an applet": {"kill -0 $$ && echo alive", "alive\n", 0},
		"tail -c for cp":    {"printf abcdef | tail -c+3", "cdef", 0},
		"xargs":             {"printf 'a b\\nc' | xargs -n 1 echo -", "- a\n- b\n- c\n", 0},
		"find and xargs":    {"mkdir -p x/y; touch x/1 x/y/2; find x -type f -print0 | xargs -0 -n 1 basename | sort", "1\n2\n", 0},
		"timeout":           {"timeout 0.1 sleep 30; echo $?", "124\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runShell(t, t.TempDir(), "", "-c", test.script)
			if code != test.code || stdout != test.want {
				t.Errorf("code %d, output %q (%s); want %d, %q", code, stdout, stderr, test.code, test.want)
			}
		})
	}
}

func TestShellInvocations(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script.sh")
	if err := os.WriteFile(script, []byte("echo \"$0 $1 $#\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		stdin  string
		args   []string
		want   string
		code   int
		stderr string
	}{
		"script":        {args: []string{script, "a", "b"}, want: script + " a 2\n"},
		"c with name":   {args: []string{"-c", "echo $0 $1", "me", "x"}, want: "me x\n"},
		"errexit":       {args: []string{"-ec", "false; echo no"}, code: 1},
		"nounset":       {args: []string{"-uc", "echo $NOPE"}, code: 1, stderr: "NOPE: unbound variable"},
		"xtrace":        {args: []string{"-xc", "echo a"}, want: "a\n", stderr: "+ echo a"},
		"pipefail":      {args: []string{"-o", "pipefail", "-c", "false | true"}, code: 1},
		"stdin":         {stdin: "echo a\necho b | tr b c\nexit 4\necho no\n", want: "a\nc\n", code: 4},
		"stdin args":    {stdin: "echo $1\n", args: []string{"-s", "x"}, want: "x\n"},
		"prompt":        {stdin: "echo a\n", args: []string{"-i"}, want: "a\n", stderr: "$ $ "},
		"syntax error":  {args: []string{"-c", "if true; do"}, code: 2, stderr: "sh: "},
		"no script":     {args: []string{"/no/such/script"}, code: 127, stderr: "no such file"},
		"unknown flag":  {args: []string{"-Z"}, code: 2, stderr: "unknown option -Z"},
		"login is fine": {args: []string{"-lc", "echo in"}, want: "in\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runShell(t, dir, test.stdin, test.args...)
			if code != test.code || stdout != test.want || !strings.Contains(stderr, test.stderr) {
				t.Errorf("code %d, output %q, errors %q; want %d, %q, %q", code, stdout, stderr, test.code, test.want, test.stderr)
			}
		})
	}
}

// TestExecKeepsThePID: what a container's shell execs gets its signals.
func TestExecKeepsThePID(t *testing.T) {
	cmd := command(t, t.TempDir(), "sh", "-c", "echo ready; exec sleep 60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	isSleep := func() bool {
		line, _ := os.ReadFile("/proc/" + pid(cmd) + "/cmdline")
		return strings.HasPrefix(string(line), "sleep")
	}
	for deadline := time.Now().Add(10 * time.Second); !isSleep(); {
		if time.Now().After(deadline) {
			t.Fatal("the shell did not become sleep")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("sleep survived SIGTERM")
	}
}
