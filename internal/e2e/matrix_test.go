//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/verdict"
	"labctl.dev/labctl/labs"
)

// TestMatrix proves every lab of the catalogue as far as the budget of a test
// run allows: untouched, one solution and a sample of mutants that changes with
// every commit; all cases of a lab that the last commit changed. `make matrix`
// runs everything.
// Labs with a cluster and labs without are proved beside each other: most of
// the time a case waits.
func TestMatrix(t *testing.T) {
	root := output(t, "git", "rev-parse", "--show-toplevel")
	commit := output(t, "git", "rev-parse", "HEAD")
	for group, names := range catalogue(t) {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			for _, name := range names {
				t.Run(name, func(t *testing.T) {
					args := []string{"lab", "test", name, "-o", "json", "--no-cache"}
					if !changed(root, name) {
						args = append(args, "--sample", "4", "--sample-key", commit)
					}
					prove(t, args)
				})
			}
		})
	}
}

// catalogue groups the labs by what their environments weigh.
func catalogue(t *testing.T) map[string][]string {
	t.Helper()
	all := lab.Catalogue{FS: labs.FS()}
	names, err := all.Names()
	if err != nil || len(names) == 0 {
		t.Fatalf("no labs: %v", err)
	}
	groups := map[string][]string{}
	for _, name := range names {
		head, err := all.Head(name)
		if err != nil {
			t.Fatal(err)
		}
		group := "bare"
		if head.Needs.Cluster != nil {
			group = "cluster"
		}
		groups[group] = append(groups[group], name)
	}
	return groups
}

// changed tells whether the last commit touched the lab. Without an earlier
// commit everything is new.
func changed(root, lab string) bool {
	return exec.Command("git", "-C", root, "diff", "--quiet", "HEAD~1", "HEAD", "--", "labs/"+lab).Run() != nil
}

// prove runs lab test and reports each case as a test of its own.
func prove(t *testing.T, args []string) {
	t.Logf("labctl %s", strings.Join(args, " "))
	home, err := os.MkdirTemp("", "labctl-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	cmd := exec.Command(filepath.Join(os.Getenv("LABCTL_BIN"), "labctl"), args...)
	cmd.Env = append(os.Environ(), "LABCTL_HOME="+home)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	runErr := cmd.Run()
	var report verdict.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || len(report.Cases) == 0 {
		t.Fatalf("%v: %v\n%s", runErr, err, out.String())
	}
	for _, c := range report.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Logf("%s, %d ms, seed %d", c.Kind, c.Ms, c.Seed)
			if !c.OK {
				t.Errorf("expected: %s\ngot: %s", c.Expected, c.Got)
			}
		})
	}
	t.Logf("left out: %s", strings.Join(report.LeftOut, ", "))
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return strings.TrimSpace(string(out))
}
