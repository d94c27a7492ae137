package scaffold_test

import (
	"os"
	"path/filepath"
	"testing"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/lab/lint"
	"labctl.dev/labctl/internal/lab/scaffold"
)

// TestNewPassesLint allows one thing to be left to the author: more solutions.
func TestNewPassesLint(t *testing.T) {
	dir, err := scaffold.New(t.TempDir(), "my-first-lab")
	if err != nil {
		t.Fatal(err)
	}
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := lab.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	source, problems := lint.Linter{Env: env}.Check(t.Context(), fsys, dir)
	for _, p := range problems {
		if p.Rule != "few-solutions" {
			t.Error(p)
		}
	}
	if source.Lab.Name != "my-first-lab" {
		t.Errorf("the lab is called %q", source.Lab.Name)
	}
}

func TestNewRefuses(t *testing.T) {
	parent := t.TempDir()
	if err := os.WriteFile(filepath.Join(parent, "taken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"taken", "", "..", "a/b", "Upper", "-x", "x y"} {
		if dir, err := scaffold.New(parent, name); err == nil {
			t.Errorf("%q was made as %s", name, dir)
		}
	}
	if _, err := scaffold.New(filepath.Join(parent, "missing"), "x"); err == nil {
		t.Error("a lab was made in a directory that is not there")
	}
}
