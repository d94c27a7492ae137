package labs_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing"

	"labctl.dev/labctl/labs"
)

func TestEmbeddedIsWhatIsOnDisk(t *testing.T) {
	embedded, disk := tree(t, labs.FS()), tree(t, os.DirFS("."))
	for _, file := range slices.Sorted(maps.Keys(disk)) {
		content, ok := embedded[file]
		if !ok {
			t.Errorf("%s is not embedded; is there a go.mod beside it, or is it a link?", file)
		} else if !bytes.Equal(content, disk[file]) {
			t.Errorf("%s differs from the embedded one", file)
		}
		delete(embedded, file)
	}
	for file := range embedded {
		t.Errorf("%s is embedded, but not on disk", file)
	}
}

func tree(t *testing.T, fsys fs.FS) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[file], err = fs.ReadFile(fsys, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
