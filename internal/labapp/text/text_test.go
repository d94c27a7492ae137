package text

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applet"
	"labctl.dev/labctl/internal/labapp/applettest"
)

func TestFilters(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for path, content := range map[string]string{one: "alpha\nbeta\n", two: "gamma\nAlpha\n"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ten := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n"
	type run = func(context.Context, *applet.Process) error
	for _, test := range []struct {
		name  string
		run   run
		stdin string
		args  string // split at |
		want  string
		code  int
	}{
		{"cat", Cat, "in", "", "in", 0},
		{"cat", Cat, "in", one + "|-", "alpha\nbeta\nin", 0},
		{"cat", Cat, "", dir + "/none|" + two, "gamma\nAlpha\n", 1},
		{"cat", Cat, "a\nb\n", "-n", "     1\ta\n     2\tb\n", 0},
		{"head", Head, ten, "-3", "1\n2\n3\n", 0},
		{"head", Head, ten, "-n2", "1\n2\n", 0},
		{"head", Head, ten, "-c|3", "1\n2", 0},
		{"head", Head, ten, "", ten[:len(ten)-3], 0},
		{"head", Head, "", "-n|1|" + one + "|" + two, "==> " + one + " <==\nalpha\n\n==> " + two + " <==\ngamma\n", 0},
		{"tail", Tail, ten, "-n|2", "10\n11\n", 0},
		{"tail", Tail, ten, "-2", "10\n11\n", 0},
		{"tail", Tail, ten, "-n|+10", "10\n11\n", 0},
		{"tail", Tail, "abcdef", "-c|+3", "cdef", 0},
		{"tail", Tail, "abcdef", "-c+1", "abcdef", 0},
		{"tail", Tail, "ab\ncdef\n", "-c|6", "\ncdef\n", 0},
		{"tail", Tail, "a\nb", "-n|1", "b", 0},
		{"wc", Wc, "a b\nc\n", "", "2 3 6\n", 0},
		{"wc", Wc, "a b\nc\n", "-l", "2\n", 0},
		{"wc", Wc, "", "-w|" + one + "|" + two, "2 " + one + "\n2 " + two + "\n4 total\n", 0},
		{"grep", Grep, "web-1\ndb-1\n", "^web", "web-1\n", 0},
		{"grep", Grep, "web-1\n", "nothing", "", 1},
		{"grep", Grep, "web-1\n", "[", "", 2},
		{"grep", Grep, "a\nB\nb\n", "-in|b", "2:B\n3:b\n", 0},
		{"grep", Grep, "a\nb\n", "-v|a", "b\n", 0},
		{"grep", Grep, "a\nb\na\n", "-c|a", "2\n", 0},
		{"grep", Grep, "a\n", "-q|a", "", 0},
		{"grep", Grep, "a+b\naab\n", "a+b", "a+b\n", 0},
		{"grep", Grep, "a+b\naab\n", "-E|a+b", "aab\n", 0},
		{"grep", Grep, "a.c\nabc\n", "-F|a.c", "a.c\n", 0},
		{"grep", Grep, "foo bar\n", `\(foo\|x\) ba[r]`, "foo bar\n", 0},
		{"grep", Grep, "k=1 k=22\n", "-oE|[0-9]+", "1\n22\n", 0},
		{"grep", Grep, "cat\nconcat\n", "-w|cat", "cat\n", 0},
		{"grep", Grep, "", "-ri|alpha|" + dir, one + ":alpha\n" + two + ":Alpha\n", 0},
		{"grep", Grep, "", "-l|beta|" + one + "|" + two, one + "\n", 0},
		{"grep", Grep, "", "beta|" + one + "|" + two, one + ":beta\n", 0},
		{"grep", Grep, "x\ny\nz\n", "-e|x|-e|z", "x\nz\n", 0},
		{"grep", Grep, "a\na\na\n", "-m|2|a", "a\na\n", 0},
		{"sort", Sort, "b\na\nc\n", "", "a\nb\nc\n", 0},
		{"sort", Sort, "10\n9\n-1\n", "-n", "-1\n9\n10\n", 0},
		{"sort", Sort, "a\nb\n", "-r", "b\na\n", 0},
		{"sort", Sort, "a\nb\na\n", "-u", "a\nb\n", 0},
		{"sort", Sort, "x 10\ny 9\n", "-k|2n", "y 9\nx 10\n", 0},
		{"sort", Sort, "a:2\nb:1\n", "-t:|-k2", "b:1\na:2\n", 0},
		{"sort", Sort, "2M\n1G\n3K\n", "-h", "3K\n2M\n1G\n", 0},
		{"uniq", Uniq, "a\na\nb\na\n", "", "a\nb\na\n", 0},
		{"uniq", Uniq, "a\na\nb\n", "-d", "a\n", 0},
		{"uniq", Uniq, "a\na\nb\n", "-c", "      2 a\n      1 b\n", 0},
		{"cut", Cut, "a:b:c\nx\n", "-d:|-f1,3", "a:c\nx\n", 0},
		{"cut", Cut, "a:b:c\nx\n", "-d:|-f2-|-s", "b:c\n", 0},
		{"cut", Cut, "abcdef\n", "-c2-4", "bcd\n", 0},
		{"cut", Cut, "", "-f0", "", 2},
		{"cut", Cut, "", "", "", 2},
		{"tr", Tr, "hello", "a-z|A-Z", "HELLO", 0},
		{"tr", Tr, "a b\tc", "-d|[:space:]", "abc", 0},
		{"tr", Tr, "a  b", "-s| ", "a b", 0},
		{"tr", Tr, "a1b2", "-cd|0-9", "12", 0},
		{"tr", Tr, "a,b", ",|\\n", "a\nb", 0},
		{"sed", Sed, "a a\n", "s/a/b/", "b a\n", 0},
		{"sed", Sed, "a a\n", "s/a/b/g", "b b\n", 0},
		{"sed", Sed, "/x/y\n", "s,/x,/z,", "/z/y\n", 0},
		{"sed", Sed, "key=val\n", `s/\(.*\)=\(.*\)/\2=\1/`, "val=key\n", 0},
		{"sed", Sed, "key=val\n", `-E|s/(k)ey/[&]\1$/`, "[key]k$=val\n", 0},
		{"sed", Sed, "a\nb\nc\n", "-n|2p", "b\n", 0},
		{"sed", Sed, "a\nb\nc\nd\n", "2,3d", "a\nd\n", 0},
		{"sed", Sed, "a\nb\nc\n", "/b/,$d", "a\n", 0},
		{"sed", Sed, "a\nb\nc\n", "$!d", "c\n", 0},
		{"sed", Sed, "a\nb\nc\n", "2q", "a\nb\n", 0},
		{"sed", Sed, "A\n", "s/a/b/I;s/b/c/", "c\n", 0},
		{"sed", Sed, "", "y/a/b/", "", 2},
		{"sed", Sed, "", "s/a/b", "", 2},
		{"echo", Echo, "", "a|b", "a b\n", 0},
		{"echo", Echo, "", "-n|a", "a", 0},
		{"echo", Echo, "", `-e|a\tb 100%`, "a\tb 100%\n", 0},
		{"echo", Echo, "", "-x", "-x\n", 0},
		{"printf", Printf, "", `%s-%02d\n|a|7|b|8`, "a-07\nb-08\n", 0},
		{"seq", Seq, "", "3", "1\n2\n3\n", 0},
		{"seq", Seq, "", "5|-2|1", "5\n3\n1\n", 0},
		{"seq", Seq, "", "1|0|2", "", 2},
	} {
		var args []string
		if test.args != "" {
			args = strings.Split(test.args, "|")
			if strings.Contains(test.args, `\|x`) { // an alternative, not a separator
				args = []string{test.args}
			}
		}
		got := applettest.Run(t, test.run, test.name, test.stdin, args...)
		if got.Stdout != test.want || got.Code != test.code {
			t.Errorf("%s %s: code %d, output %q (%s); want %d, %q", test.name, test.args, got.Code, got.Stdout, got.Stderr, test.code, test.want)
		}
	}
}

func TestSedInPlaceKeepsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("a\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	applettest.Run(t, Sed, "sed", "", "-i", "s/a/b/", path)
	content, _ := os.ReadFile(path)
	info, err := os.Stat(path)
	if err != nil || string(content) != "b\n" || info.Mode().Perm() != 0o640 {
		t.Errorf("content %q, mode %v, %v", content, info.Mode(), err)
	}
}

func TestTee(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	applettest.Run(t, Tee, "tee", "one\n", path)
	got := applettest.Run(t, Tee, "tee", "two\n", "-a", path)
	if content, _ := os.ReadFile(path); string(content) != "one\ntwo\n" || got.Stdout != "two\n" {
		t.Errorf("file %q, output %q", content, got.Stdout)
	}
}

// lines hands over what is written, a write at a time.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestTailFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := make(lines, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- Tail(ctx, &applet.Process{Name: "tail", Args: []string{"-n1", "-f", path}, Stdout: out})
	}()
	if got := <-out; got != "two\n" {
		t.Errorf("first came %q", got)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("three\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-out; got != "three\n" {
		t.Errorf("then came %q", got)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("new\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-out; got != "new\n" {
		t.Errorf("after the truncation came %q", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("tail ended with %v", err)
	}
}
