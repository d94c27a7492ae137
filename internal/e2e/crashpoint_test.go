//go:build e2e && linux

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// crash is a process killed at a moment of a command.
type crash struct {
	during string // start, check, reset, stop
	victim string // labctl, supervisor, labinit, labkube
	// The moment: after so many more lines in the ledger, or else after a time.
	lines int
	after time.Duration
}

func (c crash) String() string {
	moment := fmt.Sprintf("at line %d of the ledger", c.lines)
	if c.lines == 0 {
		moment = fmt.Sprintf("after %v", c.after)
	}
	return fmt.Sprintf("kill -9 %s during %s %s", c.victim, c.during, moment)
}

// command is what labctl is told to do.
func (c crash) command() []string {
	switch c.during {
	case "start":
		return []string{"start", labName}
	case "check": // those with stimuli
		return []string{"check", "configure", "rollout", "heal", "probes"}
	default:
		return []string{c.during}
	}
}

// chance is how many crashes to try, LABCTL_CRASHES, and what draws them, which
// LABCTL_SEED repeats.
func chance(t *testing.T) (*rand.Rand, int) {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("LABCTL_CRASHES"))
	if err != nil {
		n = 3
	}
	seed, err := strconv.ParseUint(os.Getenv("LABCTL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("LABCTL_CRASHES=%d LABCTL_SEED=%d", n, seed)
	return rand.New(rand.NewPCG(seed, 0)), n
}

// moments draws crashes at random times. The bounds are about how long the
// commands take.
func moments(random *rand.Rand, n int) []crash {
	commands := []struct {
		name string
		most time.Duration
	}{{"check", 40 * time.Second}, {"start", 8 * time.Second}, {"reset", 2 * time.Second}, {"stop", time.Second}}
	victims := []string{"supervisor", "labctl", "labkube", "labinit"}
	var drawn []crash
	first := random.IntN(len(commands))
	for i := range n {
		c := commands[(first+i)%len(commands)]
		drawn = append(drawn, crash{
			during: c.name, victim: victims[random.IntN(len(victims))],
			after: time.Duration(random.Int64N(int64(c.most))).Round(time.Millisecond),
		})
	}
	return drawn
}

// ledgerSteps lists a crash at each line that a command writes. Their number
// is that of a machine with cgroups of both versions; elsewhere the last ones
// strike at the command's end.
func ledgerSteps() []crash {
	var steps []crash
	for _, c := range []struct {
		during  string
		lines   int
		victims []string
	}{
		{"start", 12, []string{"labctl", "supervisor"}},
		{"check", 10, []string{"labctl", "supervisor", "labkube"}},
		{"stop", 11, []string{"labctl", "supervisor"}},
	} {
		for line := 1; line <= c.lines; line++ {
			for _, victim := range c.victims {
				steps = append(steps, crash{during: c.during, victim: victim, lines: line})
			}
		}
	}
	return steps
}

// strike waits for the crash's moment and kills. It says how many it killed: 0
// if the command ended before.
func (c crash) strike(w *world, command *running) int {
	w.t.Helper()
	moment := time.NewTimer(c.after)
	if c.lines > 0 {
		moment.Stop()
	}
	defer moment.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	from := w.ledgerLines()
	for due := false; ; {
		select {
		case <-command.process.Done():
			return 0
		case <-moment.C:
			due = true
		case <-tick.C:
			due = due || c.lines > 0 && w.ledgerLines() >= from+c.lines
		}
		if !due {
			continue
		}
		if c.victim == "labctl" {
			command.kill()
			return 1
		}
		if n := w.kill(c.victim); n > 0 {
			return n // else it is not there yet
		}
	}
}

// ledgerLines counts the lines of the environment's ledger.
func (w *world) ledgerLines() int {
	data, _ := os.ReadFile(filepath.Join(w.envDir(), "ledger.jsonl"))
	return bytes.Count(data, []byte("\n"))
}
