package labapp

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func isRoot() bool { return os.Geteuid() == 0 }

// waitForChild polls until the process has a child whose command line ends
// as name's does.
func waitForChild(t *testing.T, cmd *exec.Cmd, name string) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(15 * time.Second); ; <-ticker.C {
		children, _ := os.ReadFile("/proc/" + pid(cmd) + "/task/" + pid(cmd) + "/children")
		tasks, _ := os.ReadDir("/proc/" + pid(cmd) + "/task")
		for _, task := range tasks {
			more, _ := os.ReadFile("/proc/" + pid(cmd) + "/task/" + task.Name() + "/children")
			children = append(append(children, ' '), more...)
		}
		for _, child := range strings.Fields(string(children)) {
			if line, _ := os.ReadFile("/proc/" + child + "/cmdline"); strings.Contains(string(line), name) {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no child runs %s", name)
		}
	}
}
