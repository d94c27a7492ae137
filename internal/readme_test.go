package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The architecture page has a paragraph for every row, in the rows' order.
func TestReadmeHasEveryRow(t *testing.T) {
	readme := read(t, "README.md")
	at := 0
	for _, row := range layers() {
		name := strings.TrimPrefix(row, "internal/")
		found := strings.Index(readme[at:], "\n**"+name)
		if found < 0 {
			t.Errorf("README.md has no paragraph for %s, or not in the order of layers()", row)
			continue
		}
		at += found
	}
}

// The files that the architecture page leads to are there.
func TestReadmeNamesFilesThatExist(t *testing.T) {
	var files []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(files, "\n") + "\n"
	for _, name := range regexp.MustCompile(`[a-z_/]+\.go\b`).FindAllString(read(t, "README.md"), -1) {
		if !strings.Contains(all, "/"+name+"\n") {
			t.Errorf("README.md names %s, which does not exist", name)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
