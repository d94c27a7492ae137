package space

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// Memory is the memory that new programs can use without anything being swapped
// out, in bytes. known is false where the system does not say.
func Memory() (free uint64, known bool, err error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false, fmt.Errorf("look at the memory: %w", err)
	}
	defer f.Close()
	free, err = available(f)
	return free, err == nil, err
}

func available(meminfo io.Reader) (uint64, error) {
	lines := bufio.NewScanner(meminfo)
	for lines.Scan() {
		var kib uint64
		if found, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); found == 1 {
			return kib << 10, nil
		}
	}
	return 0, errors.Join(errors.New("look at the memory: /proc/meminfo has no MemAvailable"), lines.Err())
}
