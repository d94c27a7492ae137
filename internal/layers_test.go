package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "labctl.dev/labctl/"

// layers lists the rows of internal/README.md from top to bottom. A package may
// import packages of the rows below. Within its row it may import only in a
// direct line: what it is beneath (a driver imports the interface that it
// implements), what is beneath it, and what shared lists.
func layers() []string {
	return []string{
		"cmd",
		"internal/e2e",
		"internal/tools", // the benchmark; the rest are modules of their own
		"internal/cli",
		"internal/verdict",
		"internal/environment",
		"internal/check",
		"internal/apply",
		"internal/component",
		"internal/diagnose",
		"internal/engine",
		"internal/machine",
		"internal/node",
		"internal/labapp",
		"internal/image",
		"internal/ledger",
		"internal/lab",
		"labs",
		"internal/expr",
		"internal/kube",
		"internal/container",
		"internal/proc",
		"internal/release",
		"internal/space",
	}
}

// shared lists the packages that others of their row may import, and each other
// only downwards in this list.
func shared() []string {
	return []string{
		"internal/check/probe", // for stimulus, which nothing else here imports
		"internal/check/load",
		"internal/check/prober/inside",
		"internal/check/prober",
		"internal/check/prober/session",
		"internal/check/undo",
		"internal/check/revert",
		"internal/check/progress",
		"internal/labapp/applet",
		"internal/labapp/opt",
		"internal/labapp/neterr",
		"internal/labapp/metrics",
		"internal/lab/strictyaml",
		"internal/lab/problem",
		"internal/lab/nearest",
	}
}

type listed struct {
	ImportPath string
	Imports    []string
	Name       string
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range list(t) {
		from := row(p.ImportPath)
		if from < 0 {
			t.Errorf("%s is in no row of the architecture: add it to internal/README.md and to layers()", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, module) {
				continue
			}
			if fault := misplaced(p.ImportPath, imp); fault != "" {
				t.Errorf("%s imports %s, which is %s", p.ImportPath, imp, fault)
			}
		}
	}
}

// TestMisplaced shows that the rule sees imports that break it.
func TestMisplaced(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"internal/cli", "internal/check", ""},
		{"internal/check", "internal/cli", "above it"},
		{"internal/engine/none", "internal/engine", ""},
		{"internal/engine/embedded/embeddedtest", "internal/engine", ""},
		{"internal/engine/embedded", "internal/engine/embedded/gateway", ""},
		{"internal/engine/embedded", "internal/engine/none", "beside it"},
		{"internal/check/stimulus", "internal/check/probe", ""},
		{"internal/check/probe", "internal/check/stimulus", "beside it"},
		{"internal/check/load", "internal/check/probe", "beside it"},
		{"internal/labapp/web", "internal/labapp/load", "beside it"},
	} {
		if got := misplaced(module+tt.from, module+tt.to); got != tt.want {
			t.Errorf("%s importing %s: got %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
}

// misplaced says what is wrong about where an imported package is; empty if
// nothing is.
func misplaced(from, to string) string {
	direct := strings.HasPrefix(from, to+"/") || strings.HasPrefix(to, from+"/")
	rank := func(path string) int { return slices.Index(shared(), strings.TrimPrefix(path, module)) }
	switch {
	case row(to) > row(from), direct, row(to) == row(from) && rank(to) > rank(from):
		return ""
	case row(to) == row(from):
		return "beside it"
	default:
		return "above it"
	}
}

func TestOnlyProcStartsProcesses(t *testing.T) {
	own := []string{"internal/proc", "internal/node", "internal/labapp"} // the last two are programs of their own
	for _, p := range list(t) {
		for _, imp := range p.Imports {
			if imp == "os/exec" && !underAny(p.ImportPath, own) {
				t.Errorf("%s imports os/exec; only internal/proc may", p.ImportPath)
			}
		}
	}
}

func TestMainsAreStubs(t *testing.T) {
	for _, p := range list(t) {
		if p.Name != "main" || row(p.ImportPath) != 0 {
			continue
		}
		rows := map[int]bool{}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, module) {
				rows[row(imp)] = true
			}
		}
		if len(rows) > 1 {
			t.Errorf("%s imports from %d rows of the architecture; a main hands over to one", p.ImportPath, len(rows))
		}
	}
}

// TestLabctlStaysSmall keeps heavy upstream code out of the labctl binary.
func TestLabctlStaysSmall(t *testing.T) {
	heavy := []string{"k8s.io/kubernetes", "go.etcd.io/etcd", "github.com/containerd/containerd", "k8s.io/kubectl", "github.com/prometheus/prometheus"}
	out, err := exec.Command("go", "list", "-deps", "labctl.dev/labctl/cmd/labctl").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		for _, h := range heavy {
			if dep = strings.TrimSpace(dep); dep == h || strings.HasPrefix(dep, h+"/") {
				t.Errorf("labctl links %s: heavy upstream code belongs in a module of its own", dep)
			}
		}
	}
}

// row is the index of a package's row; -1 if it has none.
func row(path string) int {
	rel := strings.TrimPrefix(path, module)
	for i, l := range layers() {
		if rel == l || strings.HasPrefix(rel, l+"/") {
			return i
		}
	}
	if rel == "internal" {
		return len(layers())
	}
	return -1
}

func underAny(path string, dirs []string) bool {
	rel := strings.TrimPrefix(path, module)
	for _, d := range dirs {
		if rel == d || strings.HasPrefix(rel, d+"/") {
			return true
		}
	}
	return false
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Name", "labctl.dev/labctl/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
