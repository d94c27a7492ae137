package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// packed writes an archive of a program and a text, the files named in this order
// and the program with this time, and returns its path.
func packed(t *testing.T, goos string, backwards bool, touched time.Time) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "labctl")
	if err := errors.Join(os.WriteFile(program, []byte("program"), 0o700), os.Chtimes(program, touched, touched)); err != nil {
		t.Fatal(err)
	}
	files := []file{{name: "README.md", mode: 0o644, text: []byte("read me")}, {name: "bin/labctl", mode: 0o755, path: program}}
	if backwards {
		slices.Reverse(files)
	}
	path, err := archive{top: "labctl-v1-" + goos, files: files, time: time.Unix(1e9, 0).UTC()}.write(t.TempDir(), goos)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheSameFilesGiveTheSameArchive(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		first, err := os.ReadFile(packed(t, goos, false, time.Unix(1, 0)))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(packed(t, goos, true, time.Unix(2e9, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s: the archives differ", goos)
		}
	}
}

func TestTarIsOfRootAndOfOneTime(t *testing.T) {
	path := packed(t, "linux", false, time.Now())
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	members := tar.NewReader(z)
	for {
		h, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.ModTime.Unix() != 1e9 {
			t.Errorf("%s is of %d:%d, from %v", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		if want := int64(0o755); strings.Contains(h.Name, "bin") && h.Mode != want {
			t.Errorf("%s has mode %o", h.Name, h.Mode)
		}
	}
	want := "labctl-v1-linux/ labctl-v1-linux/bin/ labctl-v1-linux/README.md labctl-v1-linux/bin/labctl"
	if got := strings.Join(names, " "); got != want || !strings.HasSuffix(path, "labctl-v1-linux.tar.gz") {
		t.Errorf("%s has %s, want %s", path, got, want)
	}
}

func TestZipHasPrograms(t *testing.T) {
	z, err := zip.OpenReader(packed(t, "windows", false, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	member, err := z.Open("labctl-v1-windows/bin/labctl")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(member); err != nil || string(text) != "program" {
		t.Errorf("it has %q, %v", text, err)
	}
}

// What the README leads to is beside it.
func TestTheReadmesLinksAreInTheArchive(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(([^):]+)\)`).FindAllSubmatch(readme, -1)
	if len(links) == 0 {
		t.Error("no links were found")
	}
	for _, link := range links {
		if name := string(link[1]); !slices.Contains(documents(), name) {
			t.Errorf("the README leads to %s, which is not in documents()", name)
		}
	}
	for _, name := range documents() {
		if _, err := os.Stat("../../../" + name); err != nil {
			t.Error(err)
		}
	}
}
