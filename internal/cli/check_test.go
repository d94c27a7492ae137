package cli

import (
	"bytes"
	"strings"
	"testing"

	"labctl.dev/labctl/internal/check"
)

// After Ctrl-C nobody is told that all is as before when it is not.
func TestAnInterruptedCheckSaysWhatIsLeft(t *testing.T) {
	report := func(code string) check.Report {
		return check.Report{Verdict: check.Error, Tasks: []check.TaskResult{{ID: "one", Checks: []check.Result{{ID: "two", Verdict: check.Error, Code: code}}}}}
	}
	tests := map[string]struct {
		report check.Report // whose verdict is error
		output format
		say    string // on standard output
		end    string // the error
	}{
		"before it began":        {check.Report{}, formatText, "", "has been undone"},
		"before it began, JSON":  {check.Report{}, formatJSON, "", "has been undone"},
		"all undone":             {report(check.CodeCancelled), formatText, "Cancelled", "has been undone"},
		"something left":         {report(check.CodeUndoFailed), formatText, "UndoFailed", "one/two did could not be undone"},
		"something left, JSON":   {report(check.CodeUndoFailed), formatJSON, `"code": "UndoFailed"`, "exit code 130"},
		"all undone, as in JSON": {report(check.CodeCancelled), formatJSON, `"code": "Cancelled"`, "exit code 130"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			o := &checkOptions{s: &State{Args: []string{"labctl"}, Stdout: &out, Stderr: &out, Width: 80}, output: tt.output}
			err := o.interrupted(tt.report)
			if exitCode(err) != exitInterrupted || !strings.Contains(err.Error(), tt.end) || !strings.Contains(out.String(), tt.say) {
				t.Errorf("said %s and ended with %v", out.String(), err)
			}
			if strings.Contains(out.String(), "not your fault") != (tt.say == "UndoFailed") {
				t.Errorf("whose fault: %s", out.String())
			}
		})
	}
}
