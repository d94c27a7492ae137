package command

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A node has two lives: a start in which the learner waits, and then hours of
// idling beside the learner's editor and browser. The first one may waste
// memory, the second one must not.
const (
	hurryGC, idleGC = 400, 30 // GOGC
	calm            = 5 * time.Second
)

func hurry() { debug.SetGCPercent(hurryGC) }

// settle gives back the memory of the start once the first workload is likely
// to be up.
func settle(log *slog.Logger) {
	time.AfterFunc(calm, func() {
		debug.SetGCPercent(idleGC)
		debug.FreeOSMemory()
		if err := dropCode(); err != nil {
			log.Warn("cannot give back the memory of code that ran once", "error", err)
		}
	})
}

// dropCode lets go of the pages of the program itself, two thirds of which were
// needed only to start. Those in use come back at once from the page cache.
func dropCode() error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		if err := drop(lines.Text(), program); err != nil {
			return err
		}
	}
	return lines.Err()
}

// drop lets go of one line of /proc/self/maps, if it is program text or
// constants: those have never been written to.
func drop(line, program string) error {
	var begin, end uintptr
	var mode string
	if _, err := fmt.Sscanf(line, "%x-%x %s", &begin, &end, &mode); err != nil {
		return fmt.Errorf("parse %q: %w", line, err)
	}
	if !strings.HasSuffix(line, " "+program) || (mode != "r-xp" && mode != "r--p") {
		return nil
	}
	_, _, errno := unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_DONTNEED)
	if errno != 0 {
		return fmt.Errorf("let go of %s: %w", line, errno)
	}
	return nil
}
