package lint_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab/lint"
	"labctl.dev/labctl/internal/lab/problem"
	"labctl.dev/labctl/labs"
)

var update = flag.Bool("update", false, "write what is found to want.txt")

const fixtures = "../../../testdata/labs"

func newLinter(t *testing.T) lint.Linter {
	t.Helper()
	env, err := expr.New()
	if err != nil {
		t.Fatal(err)
	}
	return lint.Linter{Env: env, Known: lint.Known{
		Capabilities: []string{"cluster", "volumes"},
		Components:   []string{"docker", "git"},
		Engines:      []string{"embedded", "kind"},
		Apps:         []string{"web", "load", "sh"},
		Codes:        []string{"Crashed"},
	}}
}

// overlay is the good lab with some files replaced.
type overlay struct{ top, bottom fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if f, err := o.top.Open(name); err == nil {
		if info, err := f.Stat(); err == nil && !info.IsDir() {
			return f, nil
		}
	}
	if f, err := o.bottom.Open(name); !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	return o.top.Open(name)
}

// ReadDir lists both directories.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	top, topErr := fs.ReadDir(o.top, name)
	bottom, bottomErr := fs.ReadDir(o.bottom, name)
	if topErr != nil && bottomErr != nil {
		return nil, topErr
	}
	for _, entry := range bottom {
		if !slices.ContainsFunc(top, func(e fs.DirEntry) bool { return e.Name() == entry.Name() }) {
			top = append(top, entry)
		}
	}
	return slices.DeleteFunc(top, func(e fs.DirEntry) bool { return e.Name() == "want.txt" }), nil
}

func fixture(dir string) fs.FS {
	return overlay{top: os.DirFS(filepath.Join(fixtures, dir)), bottom: os.DirFS(filepath.Join(fixtures, "good"))}
}

// TestRules breaks each rule in a lab that is good but for that.
func TestRules(t *testing.T) {
	dirs, err := os.ReadDir(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if !dir.IsDir() {
			continue
		}
		t.Run(dir.Name(), func(t *testing.T) {
			_, problems := newLinter(t).Check(t.Context(), fixture(dir.Name()), "good")
			golden := filepath.Join(fixtures, dir.Name(), "want.txt")
			got := ""
			if len(problems) > 0 {
				got = problems.Error() + "\n"
			}
			if *update && dir.Name() != "good" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil && dir.Name() != "good" {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestEveryRuleHasFixture finds each rule's name in the golden file of its
// directory.
func TestEveryRuleHasFixture(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range lint.Rules() {
		if seen[rule.ID] || rule.Purpose == "" || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(rule.ID) {
			t.Errorf("the rule %q needs an id of its own and a purpose", rule.ID)
		}
		seen[rule.ID] = true
		want, err := os.ReadFile(filepath.Join(fixtures, rule.ID, "want.txt"))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(want), "["+rule.ID+"]") {
			t.Errorf("%s/want.txt has no problem of the rule %s", rule.ID, rule.ID)
		}
	}
}

// TestStartable tells what keeps a lab from being started from what its proof
// lacks.
func TestStartable(t *testing.T) {
	for fixtureName, want := range map[string]bool{
		"good": true, "no-untouched": true, "directory-name": true, "unused": true,
		"duplicate-id": false, "need-cycle": false, "bad-expression": false, "missing-file": false,
	} {
		source, _ := newLinter(t).Check(t.Context(), fixture(fixtureName), "good")
		problems := newLinter(t).Startable(t.Context(), source)
		if (len(problems) == 0) != want {
			t.Errorf("%s: startable should be %v, got %v", fixtureName, want, problems)
		}
	}
}

// TestNoComponents is how labctl lints as long as it has no components.
func TestNoComponents(t *testing.T) {
	linter := newLinter(t)
	linter.Known.Components = []string{}
	_, problems := linter.Check(t.Context(), fixture("unknown-component"), "good")
	if !strings.Contains(problems.Error(), "[unknown-component]") {
		t.Errorf("an empty list of components allows any: %v", problems)
	}
}

// TestCatalogue lints the labs that labctl brings along.
func TestCatalogue(t *testing.T) {
	linter := newLinter(t)
	linter.Known = lint.Known{Codes: []string{"ComposeFailed", "NotReady", "CommandFailed", "Refused"}} // of package check
	files, err := fs.Glob(labs.FS(), "*/lab.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, "/lab.yaml")
		dir, err := fs.Sub(labs.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := linter.Check(t.Context(), dir, "labs/"+name)
		for _, p := range problems {
			if p.Severity == problem.Error {
				t.Error(p)
			} else {
				t.Log(p)
			}
		}
	}
}
