package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"labctl.dev/labctl/internal/lab"
)

// FuzzLoad: whatever lab.yaml holds, loading, lint and drawing end, without a
// panic, and every problem has a place in a file.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob(fixtures + "/*/lab.yaml")
	if err != nil || len(seeds) == 0 {
		f.Fatal(seeds, err)
	}
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		linter := newLinter(t)
		source, problems := linter.Check(t.Context(), fstest.MapFS{lab.File: {Data: data}}, "fuzz")
		if source != nil {
			_, more := source.Resolve(seed)
			problems = append(problems, more...)
		}
		lines := strings.Count(string(data), "\n") + 2
		for _, p := range problems {
			if p.File == "" || p.Line < 1 || p.Line > lines || p.Column < 1 || p.Rule == "" || p.Message == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		if source == nil && len(problems) == 0 {
			t.Error("neither a lab nor a problem")
		}
	})
}
