package environment

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Attempt is one run of checks, as the learner's history keeps it.
type Attempt struct {
	Time        time.Time         `json:"time"`
	Lab         string            `json:"lab"`
	Environment string            `json:"environment"`
	Started     time.Time         `json:"started"` // when the environment was made
	Engine      string            `json:"engine"`
	Seed        uint64            `json:"seed"`
	Verdict     string            `json:"verdict"`
	Score       int               `json:"score"`
	MaxScore    int               `json:"maxScore"`
	Checks      map[string]string `json:"checks"` // "task/check" to verdict
}

// RecordAttempt appends to the learner's history, attempts.jsonl.
func (h Home) RecordAttempt(a Attempt) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := OpenFile(h.attemptsFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return h.unusable(err)
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Close(), h.Own(f.Name())); err != nil {
		return h.unusable(err)
	}
	return nil
}

// Attempts returns the history, the oldest first. Lines that cannot be read,
// such as one a crash cut short, are left out: history is never in the way.
func (h Home) Attempts() ([]Attempt, error) {
	f, err := os.Open(h.attemptsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, problem(CodeState, "", err, "cannot read the history of attempts")
	}
	defer f.Close()
	var attempts []Attempt
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a Attempt
		if json.Unmarshal(lines.Bytes(), &a) == nil {
			attempts = append(attempts, a)
		}
	}
	return attempts, lines.Err()
}

func (h Home) attemptsFile() string { return filepath.Join(h.Dir, "attempts.jsonl") }

// Progress is what the history says of one environment.
type Progress struct {
	Attempts int `json:"attempts"`
	// Last holds the last verdict of each "task/check".
	Last map[string]string `json:"last"`
	// FirstPassMs is the time from the start to the first run in which
	// everything passed; 0 if there was none.
	FirstPassMs int64 `json:"firstPassMs"`
}

// Progress sums up the history of this environment.
func (e *Environment) Progress() (Progress, error) {
	p := Progress{Last: map[string]string{}}
	attempts, err := e.Home.Attempts()
	for _, a := range attempts {
		if a.Environment != e.Name || !a.Started.Equal(e.Created) {
			continue
		}
		p.Attempts++
		for check, verdict := range a.Checks {
			p.Last[check] = verdict
		}
		if a.Verdict == "pass" && p.FirstPassMs == 0 {
			p.FirstPassMs = a.Time.Sub(a.Started).Milliseconds()
		}
	}
	return p, err
}
