package cli

import "labctl.dev/labctl/internal/check"

// mark is the sign of a verdict, which a pipe gets as a word.
func (s *State) mark(verdict string) string {
	if !s.StdoutTTY {
		if verdict == "" {
			return "-"
		}
		return verdict
	}
	c := s.out()
	switch check.Verdict(verdict) {
	case check.Pass:
		return c.green("✓")
	case check.Fail:
		return c.red("✗")
	case check.Error:
		return c.red("!")
	case check.Pending:
		return c.yellow("…")
	case check.Blocked:
		return c.dim("⊘")
	case check.Unassessable:
		return c.dim("?")
	default:
		return c.dim("·")
	}
}

// worst combines verdicts from the history; empty if one was never reached.
func worst(verdicts []string) string {
	all := make([]check.Verdict, len(verdicts))
	for i, v := range verdicts {
		if v == "" {
			return ""
		}
		all[i] = check.Verdict(v)
	}
	return string(check.Worst(all...))
}

// verdictExit is the exit code of a run of checks.
func verdictExit(v check.Verdict) error {
	code := exitOK
	switch v {
	case check.Fail, check.Pending, check.Blocked:
		code = exitFailed
	case check.Error:
		code = exitEnvironment
	case check.Unassessable:
		code = exitUnassessable
	}
	if code == exitOK {
		return nil
	}
	return &verdictError{code}
}
