package environment

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// RecordHints remembers how many hints of a task the learner has seen. They are
// kept beside the record, which only the supervisor writes.
func (e *Environment) RecordHints(task string, shown int) error {
	hints, err := e.readHints()
	if err != nil {
		return err
	}
	hints[task] = max(hints[task], shown)
	e.Hints = hints
	data, err := json.Marshal(hints)
	if err != nil {
		return err
	}
	return e.Home.Write(e.hintsFile(), append(data, '\n'), 0o644)
}

// readHints reads how many hints were seen. What cannot be read counts as none:
// that is never in the way.
func (e *Environment) readHints() (map[string]int, error) {
	hints := map[string]int{}
	data, err := os.ReadFile(e.hintsFile())
	if err != nil && !os.IsNotExist(err) {
		return nil, problem(CodeState, "", err, "cannot read which hints were shown")
	}
	_ = json.Unmarshal(data, &hints)
	return hints, nil
}

func (e *Environment) hintsFile() string { return filepath.Join(e.Dir(), "hints.json") }
