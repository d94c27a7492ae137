package cli

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

// environmentsAtOnce is how many environments this machine bears at once while
// checks are timed: one a core, and 1.5 GB of free memory each.
func environmentsAtOnce() int {
	n := runtime.NumCPU()
	if free := freeMemory(); free > 0 {
		n = min(n, int(free/1_500_000_000))
	}
	return max(n, 1)
}

// freeMemory is what Linux says is available, in bytes; 0 if it is not known.
func freeMemory() int64 {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "MemAvailable:" {
			kb, _ := strconv.ParseInt(string(fields[1]), 10, 64) // 0: not known
			return kb * 1024
		}
	}
	return 0
}
