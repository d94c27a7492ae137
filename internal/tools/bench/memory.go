package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// idle measures the memory of one environment that has nothing to do.
func (b *bench) idle(ctx context.Context, f *figures) error {
	if _, _, err := b.start(ctx, "bench"); err != nil {
		return err
	}
	memory, err := b.memory(ctx, 60*time.Second)
	if err != nil {
		return err
	}
	f.memory = memory
	fmt.Printf("%-68s %5.0f MB, aim 600 MB\n", "memory of an idle environment (PSS of all its processes)", memory)
	for _, line := range b.byProgram() {
		fmt.Println("  " + line)
	}
	return b.do(ctx, nil, "stop", "--env", "bench", "--discard", "-o", "json")
}

// memory waits for things to settle, and sums the PSS of every process of this
// bench's environments, in MB.
func (b *bench) memory(ctx context.Context, settle time.Duration) (float64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(settle): // what is measured is the state after this time, not a condition
	}
	var kb int
	for pid := range b.processes() {
		kb += pss(pid)
	}
	if kb == 0 {
		return 0, fmt.Errorf("no process of %s found", b.home)
	}
	return float64(kb) / 1000, nil
}

func (b *bench) byProgram() []string {
	sums, counts := map[string]int{}, map[string]int{}
	for pid := range b.processes() {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)) // gone meanwhile: nothing to count
		program := strings.TrimSpace(string(name))
		sums[program] += pss(pid)
		counts[program]++
	}
	var lines []string
	for program, kb := range sums {
		lines = append(lines, fmt.Sprintf("%6.1f MB  %s (%d)", float64(kb)/1000, program, counts[program]))
	}
	slices.Sort(lines)
	slices.Reverse(lines)
	return lines
}

// processes are the supervisors, which name the home, and all their children.
func (b *bench) processes() map[int]bool {
	parents := map[int]int{}
	ours := map[int]bool{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // a constant pattern
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		data, _ := os.ReadFile(path)
		if fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])); len(fields) > 1 {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		node := b.engine == kindEngine && bytes.Contains(command, []byte("containerd-shim")) // Docker's children, not the supervisor's
		if node || bytes.Contains(command, []byte("supervise")) && (bytes.Contains(environ, []byte(b.home)) || bytes.Contains(command, []byte(b.home))) {
			ours[pid] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for pid, parent := range parents {
			if ours[parent] && !ours[pid] {
				ours[pid], grown = true, true
			}
		}
	}
	return ours
}

// pss is a process's proportional set size in kB; 0 if it is gone.
func pss(pid int) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb
		}
	}
	return 0
}
