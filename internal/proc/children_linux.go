package proc

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// KillChildren kills this process's children of a name: those of a library that
// starts programs and cannot be told to end them. Where a system does not say
// which they are, it does nothing.
func KillChildren(name string) {
	lists, _ := filepath.Glob("/proc/self/task/*/children") // one for each thread
	for _, list := range lists {
		data, _ := os.ReadFile(list) // a thread may just have ended
		for _, child := range strings.Fields(string(data)) {
			pid, err := strconv.Atoi(child)
			if err != nil {
				continue
			}
			if comm, err := os.ReadFile("/proc/" + child + "/comm"); err == nil && strings.TrimSpace(string(comm)) == name {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it is ours, so its number is not another's yet
			}
		}
	}
}
