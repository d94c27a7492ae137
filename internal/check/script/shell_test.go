package script_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/check/script"
)

func run(ctx context.Context, t *testing.T, text, in string) (string, string, error) {
	t.Helper()
	var out, said bytes.Buffer
	s := &script.Shell{Dir: t.TempDir(), Env: []string{"PARAM_N=3"}, Programs: map[string]script.Program{script.Kubectl: func(_ context.Context, c script.Call) (int, error) {
		fmt.Fprintf(c.Stdout, "kubectl %s\n", strings.Join(c.Args, " "))
		return len(c.Args) - 1, nil
	}}}
	err := s.Run(ctx, "test.sh", text, script.Streams{Stdin: strings.NewReader(in), Stdout: &out, Stderr: &said})
	return out.String(), said.String(), err
}

func TestRun(t *testing.T) {
	tests := map[string]struct{ text, in, want string }{
		"jq reads the input":      {"jq -r .params.name", `{"params":{"name":"web"}}`, "web\n"},
		"jq binds":                {`jq -nc --arg a x --argjson b '[1]' '{$a, n: $b[0]}'`, "", `{"a":"x","n":1}` + "\n"},
		"jq slurps":               {"jq -s length", "1 2 3", "3\n"},
		"jq . is a filter":        {"jq -c .", "[1]", "[1]\n"},
		"jq .. is a filter":       {"jq -c ..", "[1]", "[1]\n1\n"},
		"jq reads lines":          {"jq -cR .", "a \"b\"\n\n[1]", `"a \"b\""` + "\n\"\"\n\"[1]\"\n"},
		"jq reads all text":       {"jq -c --raw-input --slurp .", "a\nb\n", `"a\nb\n"` + "\n"},
		"jq -R of nothing":        {"jq -R .", "", ""},
		"jq -Rs of nothing":       {"jq -Rs .", "", "\"\"\n"},
		"jq -nR reads nothing":    {"jq -nR .", "a", "null\n"},
		"kubectl":                 {"kubectl version", "", "kubectl version\n"},
		"files are the script's":  {"echo a > f; cat f | tr a b; ls", "", "b\nf\n"},
		"directories":             {"mkdir -p a/b && echo x > a/b/c && cp -r a d && rm -rf a && cat d/b/c; cd d; cat b/c", "", "x\nx\n"},
		"patterns are not paths":  {"echo a > a; printf 'a\\nb\\n' | grep b", "", "b\n"},
		"variables":               {"echo $PARAM_N $HOME_IS_NOT_INHERITED", "", "3\n"},
		"base64":                  {"printf hi | base64 | base64 -d", "", "hi"},
		"pipes and substitutions": {`n=$(seq 3 | wc -l); [ "$n" -eq 3 ] && echo yes`, "", "yes\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, said, err := run(t.Context(), t, tt.text, tt.in)
			if err != nil || out != tt.want {
				t.Errorf("got %q, %v (%s), want %q", out, err, said, tt.want)
			}
		})
	}
}

func TestRunKeepsToItself(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hidden"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"cat " + secret, "cat < " + secret, "/bin/ls", "sh -c true", "kubectl --kubeconfig=" + secret, "echo x > " + secret, "cp " + secret + " here && cat here",
		"[ -f " + secret + " ]", "cat ../../../../../../../../" + secret,
	} {
		out, _, err := run(t.Context(), t, text, "")
		if err == nil || strings.Contains(out, "hidden") {
			t.Errorf("%q got out: %q, %v", text, out, err)
		}
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != "hidden" {
		t.Errorf("the file outside holds %q, %v", data, err)
	}
}

// TestPathsBeginWhereTheScriptIs has files of the names that a script looks for
// in labctl's own working directory, and links that lead there.
func TestPathsBeginWhereTheScriptIs(t *testing.T) {
	elsewhere, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "notes"), []byte(`"hidden"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(elsewhere, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(elsewhere)
	for link, to := range map[string]string{"out": elsewhere, "new": filepath.Join(elsewhere, "made")} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	shell := &script.Shell{Dir: dir}
	for _, text := range []string{
		"cat notes", "head notes", "grep hidden notes", "sed s/x/y/ notes", "sed -i s/hidden/seen/ notes", "sort notes", "jq . notes",
		"ls sub", "cat out/notes", "cat < out/notes", "[ -f out/notes ]", "cp out/notes here", "tee out/made", "echo x > new",
	} {
		var out bytes.Buffer
		err := shell.Run(t.Context(), "test.sh", text, script.Streams{Stdout: &out})
		if err == nil || strings.Contains(out.String(), "hidden") {
			t.Errorf("%q got out: %q, %v", text, out.String(), err)
		}
	}
	if data, err := os.ReadFile("notes"); err != nil || string(data) != `"hidden"` {
		t.Errorf("the file elsewhere holds %q, %v", data, err)
	}
	if _, err := os.Stat("made"); err == nil {
		t.Error("a file was made elsewhere")
	}
	if err := shell.Run(t.Context(), "test.sh", "mkdir -p a/b; echo x > a/b/c; cp a/b/c d; cat a/../d", script.Streams{}); err != nil {
		t.Errorf("what is inside: %v", err)
	}
}

func TestRunFails(t *testing.T) {
	var exit *script.ExitError
	if _, _, err := run(t.Context(), t, "kubectl get pods", ""); !errors.As(err, &exit) || exit.Code != 1 {
		t.Errorf("exit code of the last command: %v", err)
	}
	if _, _, err := run(t.Context(), t, "if then", ""); err == nil || !strings.Contains(err.Error(), "test.sh:1:") {
		t.Errorf("syntax error without its place: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, _, err := run(ctx, t, "while true; do sleep 1; done", ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Errorf("endless script: %v after %s", err, time.Since(begun))
	}
}
