package archive

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"labctl.dev/labctl/internal/labapp/applettest"
)

// sample makes src with a file, a directory, a link and a program in a new
// working directory.
func sample(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("src/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{"src/a": 0o640, "src/sub/run": 0o755} {
		if err := os.WriteFile(path, []byte("content of "+path), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("sub/run", "src/link"); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1e9, 0)
	if err := os.Chtimes("src/a", old, old); err != nil {
		t.Fatal(err)
	}
}

func checkCopy(t *testing.T, dir string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "sub/run"))
	if err != nil || string(content) != "content of src/sub/run" {
		t.Errorf("sub/run holds %q, %v", content, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "sub/run")); err == nil && info.Mode().Perm() != 0o755 {
		t.Errorf("sub/run has mode %v", info.Mode())
	}
	if target, err := os.Readlink(filepath.Join(dir, "link")); err != nil || target != "sub/run" {
		t.Errorf("link leads to %q, %v", target, err)
	}
}

// TestKubectlCpRoundTrip uses the command lines kubectl cp runs in the pod.
func TestKubectlCpRoundTrip(t *testing.T) {
	sample(t)
	src, err := filepath.Abs("src")
	if err != nil {
		t.Fatal(err)
	}
	for _, extract := range []string{"-xmf - -C dest", "--no-same-permissions --no-same-owner -xmf - -C dest"} {
		t.Run(extract, func(t *testing.T) {
			packed := applettest.Run(t, Tar, "tar", "", "cf", "-", src)
			if packed.Code != 0 || packed.Stderr != "" {
				t.Fatalf("code %d: %s", packed.Code, packed.Stderr)
			}
			if err := os.Mkdir("dest", 0o755); err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll("dest")
			if got := applettest.Run(t, Tar, "tar", packed.Stdout, strings.Fields(extract)...); got.Code != 0 {
				t.Fatalf("code %d: %s", got.Code, got.Stderr)
			}
			copied := filepath.Join("dest", src) // members have lost the leading slash
			checkCopy(t, copied)
			if info, err := os.Stat(filepath.Join(copied, "a")); err != nil || time.Since(info.ModTime()) > time.Hour {
				t.Errorf("-m kept the old time: %v", err)
			}
		})
	}
}

func TestPackRelativeToDirectoryAndGzip(t *testing.T) {
	sample(t)
	if got := applettest.Run(t, Tar, "tar", "", "czf", "a.tgz", "-C", "src", "."); got.Code != 0 {
		t.Fatal(got.Stderr)
	}
	if got := applettest.Run(t, Tar, "tar", "", "tf", "a.tgz").Stdout; got != "./\na\nlink\nsub/\nsub/run\n" {
		t.Errorf("tar tf = %q", got)
	}
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
	if got := applettest.Run(t, Tar, "tar", "", "xzf", "a.tgz", "-C", "out"); got.Code != 0 {
		t.Fatal(got.Stderr)
	}
	checkCopy(t, "out")
	if info, err := os.Stat("out/a"); err != nil || info.ModTime().Unix() != 1e9 {
		t.Errorf("the time was not kept: %v", err)
	}
	if err := os.RemoveAll("out"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
	applettest.Run(t, Tar, "tar", "", "xf", "a.tgz", "-C", "out", "--strip-components=1", "sub")
	if _, err := os.Stat("out/run"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("out/a"); err == nil {
		t.Error("a was unpacked, though only sub was asked for")
	}
}

func TestPackReportsWhatIsMissing(t *testing.T) {
	sample(t)
	got := applettest.Run(t, Tar, "tar", "", "cf", "-", "nosuch", "src/a")
	if got.Code != 1 || !strings.Contains(got.Stderr, "nosuch") {
		t.Errorf("code %d: %s", got.Code, got.Stderr)
	}
	if list := applettest.Run(t, Tar, "tar", got.Stdout, "tf", "-"); list.Stdout != "src/a\n" {
		t.Errorf("the rest was not packed: %q", list.Stdout)
	}
}

// evil packs one member as it is told to.
func evil(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		h.Mode = 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestMembersStayInside(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("in", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("victim", []byte("safe"), 0o644); err != nil {
		t.Fatal(err)
	}
	archive := evil(t, tar.Header{Name: "../victim", Size: 3, Typeflag: tar.TypeReg}, tar.Header{Name: "/abs", Size: 1, Typeflag: tar.TypeReg},
		tar.Header{Name: "l", Linkname: "../victim", Typeflag: tar.TypeSymlink}, tar.Header{Name: "l", Size: 3, Typeflag: tar.TypeReg})
	if got := applettest.Run(t, Tar, "tar", archive, "xf", "-", "-C", "in"); got.Code != 0 {
		t.Errorf("code %d: %s", got.Code, got.Stderr)
	}
	if content, _ := os.ReadFile("victim"); string(content) != "safe" {
		t.Errorf("a file outside was changed to %q", content)
	}
	for _, name := range []string{"in/victim", "in/abs"} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

func TestTarUsage(t *testing.T) {
	for _, args := range []string{"", "-c -x", "-cf -", "-Q"} {
		if got := applettest.Run(t, Tar, "tar", "", strings.Fields(args)...); got.Code != 2 {
			t.Errorf("tar %s: code %d", args, got.Code)
		}
	}
	if got := applettest.Run(t, Tar, "tar", "not an archive, by any means", "xf", "-"); got.Code != 1 {
		t.Errorf("rubbish: code %d", got.Code)
	}
}

func TestEncoders(t *testing.T) {
	long := strings.Repeat("x", 100)
	coded := applettest.Run(t, Base64, "base64", long).Stdout
	if lines := strings.Split(coded, "\n"); len(lines[0]) != 76 {
		t.Errorf("lines of %d columns", len(lines[0]))
	}
	if got := applettest.Run(t, Base64, "base64", coded, "-d").Stdout; got != long {
		t.Errorf("decoded %q", got)
	}
	if got := applettest.Run(t, Base64, "base64", "a", "-w0").Stdout; got != "YQ==\n" {
		t.Errorf("base64 a = %q", got)
	}
	packed := applettest.Run(t, Gzip, "gzip", long, "-c").Stdout
	if got := applettest.Run(t, Gzip, "gunzip", packed).Stdout; got != long {
		t.Errorf("gunzip gave %q", got)
	}
}

func TestSums(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("f", []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  "
	if got := applettest.Run(t, Sha256sum, "sha256sum", "", "f").Stdout; got != sum+"f\n" {
		t.Errorf("sha256sum f = %q", got)
	}
	if got := applettest.Run(t, Sha256sum, "sha256sum", sum+"f\n", "-c"); got.Code != 0 || got.Stdout != "f: OK\n" {
		t.Errorf("-c: %+v", got)
	}
	if got := applettest.Run(t, Sha256sum, "sha256sum", strings.Replace(sum, "b", "c", 1)+"f\n", "-c"); got.Code != 1 || got.Stdout != "f: FAILED\n" {
		t.Errorf("-c of a wrong sum: %+v", got)
	}
}
