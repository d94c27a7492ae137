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

	"labctl.dev/labctl/internal/verdict"
)

// TestMatrix proves every lab of the catalogue as far as the budget of a test
// run allows: untouched, one solution and a sample of mutants that changes with
// every commit; all cases of a lab that the last commit changed. `make matrix`
// runs everything.
func TestMatrix(t *testing.T) {
	root := output(t, "git", "rev-parse", "--show-toplevel")
	commit := output(t, "git", "rev-parse", "HEAD")
	labs, err := filepath.Glob(filepath.Join(root, "labs", "*", "lab.yaml"))
	if err != nil || len(labs) == 0 {
		t.Fatalf("no labs below %s: %v", root, err)
	}
	for _, file := range labs {
		lab := filepath.Base(filepath.Dir(file))
		t.Run(lab, func(t *testing.T) {
			args := []string{"lab", "test", lab, "-o", "json", "--no-cache"}
			if !changed(root, lab) {
				args = append(args, "--sample", "4", "--sample-key", commit)
			}
			prove(t, args)
		})
	}
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
