package files

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applettest"
)

// tree makes a directory with a few files and works in it.
func tree(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, dir := range []string{"d/sub", "empty"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range map[string]string{"a.txt": "aaa", "d/b.txt": "b", "d/sub/c.log": "", ".hidden": "h"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a.txt", "link"); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func content(path string) string {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(bytes)
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestLs(t *testing.T) {
	tree(t)
	for args, want := range map[string]string{
		"":            "a.txt\nd\nempty\nlink\n",
		"-a":          ".hidden\na.txt\nd\nempty\nlink\n",
		"-F":          "a.txt\nd/\nempty/\nlink@\n",
		"-r":          "link\nempty\nd\na.txt\n",
		"-d d":        "d\n",
		"a.txt d":     "a.txt\n\nd:\nb.txt\nsub\n",
		"-R d":        "d:\nb.txt\nsub\n\nd/sub:\nc.log\n",
		"-1 d/sub":    "c.log\n",
		"nosuch d/su": "",
	} {
		got := applettest.Run(t, Ls, "ls", "", strings.Fields(args)...)
		if got.Stdout != want {
			t.Errorf("ls %s = %q, want %q", args, got.Stdout, want)
		}
		if failed := got.Code != 0; failed != (want == "") {
			t.Errorf("ls %s: exit code %d", args, got.Code)
		}
	}
	long := applettest.Run(t, Ls, "ls", "", "-l").Stdout
	for _, part := range []string{"-rw-r--r--", "drwxr-xr-x", "link -> a.txt", " 3 "} {
		if !strings.Contains(long, part) {
			t.Errorf("ls -l does not show %q:\n%s", part, long)
		}
	}
}

func TestCopyAndMove(t *testing.T) {
	tree(t)
	for _, step := range []struct {
		args string
		code int
		path string
		want string
	}{
		{"cp a.txt copy", 0, "copy", "aaa"},
		{"cp a.txt d/b.txt empty", 0, "empty/b.txt", "b"},
		{"cp d new", 1, "new", ""},
		{"cp -r d new", 0, "new/sub/c.log", ""},
		{"cp -a . /nosuch/dir", 1, "", ""},
		{"cp a.txt a.txt", 1, "a.txt", "aaa"},
		{"cp a.txt d/b.txt nodir", 1, "", ""},
		{"cp -a link copied-link", 0, "copied-link", "aaa"},
		{"mv copy moved", 0, "moved", "aaa"},
		{"mv -n moved a.txt", 0, "moved", "aaa"},
		{"mv moved d", 0, "d/moved", "aaa"},
	} {
		words := strings.Fields(step.args)
		run := Cp
		if words[0] == "mv" {
			run = Mv
		}
		got := applettest.Run(t, run, words[0], "", words[1:]...)
		if got.Code != step.code {
			t.Errorf("%s: code %d (%s), want %d", step.args, got.Code, got.Stderr, step.code)
		}
		if step.code == 0 && content(step.path) != step.want {
			t.Errorf("%s: %s holds %q, want %q", step.args, step.path, content(step.path), step.want)
		}
	}
	if target, _ := os.Readlink("copied-link"); target != "a.txt" {
		t.Errorf("cp -a followed the link (target %q)", target)
	}
	if exists("copy") || exists("new/nothing") {
		t.Error("mv left the source behind")
	}
}

func TestCpPreserves(t *testing.T) {
	tree(t)
	old := time.Unix(1e9, 0)
	if err := os.Chtimes("a.txt", old, old); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("a.txt", 0o751); err != nil {
		t.Fatal(err)
	}
	applettest.Run(t, Cp, "cp", "", "-p", "a.txt", "kept")
	info, err := os.Stat("kept")
	if err != nil || info.Mode().Perm() != 0o751 || !info.ModTime().Equal(old) {
		t.Errorf("mode %v, time %v, %v", info.Mode(), info.ModTime(), err)
	}
}

func TestRemove(t *testing.T) {
	tree(t)
	for _, step := range []struct {
		args string
		code int
		gone string
	}{
		{"rm a.txt", 0, "a.txt"}, {"rm a.txt", 1, ""}, {"rm -f a.txt", 0, ""}, {"rm d", 1, ""}, {"rm -rf /", 1, ""},
		{"rm -r .", 1, ""}, {"rm", 2, ""}, {"rm -f", 0, ""}, {"rmdir d", 1, ""}, {"rmdir empty", 0, "empty"}, {"rm -rf d link", 0, "d"},
	} {
		words := strings.Fields(step.args)
		run := Rm
		if words[0] == "rmdir" {
			run = Rmdir
		}
		if got := applettest.Run(t, run, words[0], "", words[1:]...); got.Code != step.code {
			t.Errorf("%s: code %d (%s), want %d", step.args, got.Code, got.Stderr, step.code)
		}
		if step.gone != "" && exists(step.gone) {
			t.Errorf("%s: %s is still there", step.args, step.gone)
		}
	}
}

func TestMakeAndLink(t *testing.T) {
	tree(t)
	for _, step := range []struct {
		args string
		code int
	}{
		{"mkdir x", 0}, {"mkdir x", 1}, {"mkdir -p x p/q/r", 0}, {"mkdir -m 700 private", 0}, {"mkdir -m 777 public", 0}, {"touch new d", 0}, {"touch -c not-made", 0},
		{"ln -s a.txt soft", 0}, {"ln -s a.txt soft", 1}, {"ln -sf d/b.txt soft", 0}, {"ln a.txt hard", 0},
	} {
		words := strings.Fields(step.args)
		run := Mkdir
		switch words[0] {
		case "touch":
			run = Touch
		case "ln":
			run = Ln
		}
		if got := applettest.Run(t, run, words[0], "", words[1:]...); got.Code != step.code {
			t.Errorf("%s: code %d (%s), want %d", step.args, got.Code, got.Stderr, step.code)
		}
	}
	if mode(t, "private").Perm() != 0o700 || mode(t, "public").Perm() != 0o777 || !exists("p/q/r") || !exists("new") || exists("not-made") {
		t.Error("mkdir or touch did not do as told")
	}
	if content("soft") != "b" || content("hard") != "aaa" {
		t.Error("ln made wrong links")
	}
	made := strings.TrimSpace(applettest.Run(t, Mktemp, "mktemp", "", "-d").Stdout)
	defer os.Remove(made)
	if !mode(t, made).IsDir() {
		t.Errorf("mktemp -d made %s", made)
	}
}

func TestChmod(t *testing.T) {
	tree(t)
	for _, step := range []struct{ args, path, want string }{
		{"600 a.txt", "a.txt", "600"}, {"u+x a.txt", "a.txt", "700"}, {"go=r a.txt", "a.txt", "744"}, {"-x a.txt", "a.txt", "644"},
		{"a+w,o-w a.txt", "a.txt", "664"}, {"-R o-rx d", "d/sub", "750"}, {"-R a+X d", "d/sub", "751"}, {"+t empty", "empty", "1755"}, {"u+s a.txt", "a.txt", "4664"},
	} {
		got := applettest.Run(t, Chmod, "chmod", "", strings.Fields(step.args)...)
		if have := fmt.Sprintf("%o", modeBits(mode(t, step.path))); got.Code != 0 || have != step.want {
			t.Errorf("chmod %s: %s has mode %s (%s), want %s", step.args, step.path, have, got.Stderr, step.want)
		}
	}
	if mode(t, "d/b.txt").Perm() != 0o640 {
		t.Errorf("X made a file executable: %v", mode(t, "d/b.txt"))
	}
	if got := applettest.Run(t, Chmod, "chmod", "", "rubbish", "a.txt"); got.Code != 2 {
		t.Errorf("a bad mode: code %d", got.Code)
	}
}

func TestFind(t *testing.T) {
	tree(t)
	for args, want := range map[string]string{
		"d":                      "d\nd/b.txt\nd/sub\nd/sub/c.log\n",
		". -name *.txt":          "./a.txt\n./d/b.txt\n",
		"d -type d":              "d\nd/sub\n",
		"d -type f -empty":       "d/sub/c.log\n",
		". -maxdepth 1 -type l":  "./link\n",
		"d -mindepth 2":          "d/sub/c.log\n",
		"d -iname B* -print0":    "d/b.txt\x00",
		"d -path */sub/*":        "d/sub/c.log\n",
		"d empty -maxdepth 0":    "d\nempty\n",
		". -name nothing -print": "",
	} {
		if got := applettest.Run(t, Find, "find", "", strings.Fields(args)...); got.Stdout != want || got.Code != 0 {
			t.Errorf("find %s = %q (%s), want %q", args, got.Stdout, got.Stderr, want)
		}
	}
	if got := applettest.Run(t, Find, "find", "", ".", "-exec", "ls"); got.Code != 2 {
		t.Errorf("an unknown condition: code %d", got.Code)
	}
}

func TestFacts(t *testing.T) {
	tree(t)
	if got := applettest.Run(t, Stat, "stat", "", "-c", "%n %s %a %F", "a.txt", "d").Stdout; !strings.HasPrefix(got, "a.txt 3 644 regular file\nd ") {
		t.Errorf("stat = %q", got)
	}
	if got := applettest.Run(t, Readlink, "readlink", "", "link").Stdout; got != "a.txt\n" {
		t.Errorf("readlink = %q", got)
	}
	if got := applettest.Run(t, Basename, "basename", "", "/x/y.txt", ".txt").Stdout; got != "y\n" {
		t.Errorf("basename = %q", got)
	}
	if got := applettest.Run(t, Dirname, "dirname", "", "/x/y.txt").Stdout; got != "/x\n" {
		t.Errorf("dirname = %q", got)
	}
	if got := applettest.Run(t, Du, "du", "", "-s", "d"); got.Code != 0 || !strings.HasSuffix(got.Stdout, "\td\n") || strings.Count(got.Stdout, "\n") != 1 {
		t.Errorf("du = %+v", got)
	}
	if got := applettest.Run(t, Df, "df", "", "-h", "."); got.Code != 0 || strings.Count(got.Stdout, "\n") != 2 {
		t.Errorf("df = %+v", got)
	}
	for n, want := range map[int64]string{0: "0", 1023: "1023", 1536: "1.5K", 20 << 20: "20M", 1 << 30: "1.0G"} {
		if got := HumanBytes(n); got != want {
			t.Errorf("HumanBytes(%d) = %q, want %q", n, got, want)
		}
	}
}
