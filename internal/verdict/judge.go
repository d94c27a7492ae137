package verdict

import (
	"fmt"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/lab"
)

// judge compares what the checks said with what the case expects. With full,
// every check of the lab was run; else only those that the case names and what
// they need. It returns what is not as it should be, in words, and every check
// that neither passed nor was blocked.
func judge(c lab.Case, report check.Report, full bool, allowed []string) (wrong []string, failed []FailedCheck) {
	seen := map[string]bool{}
	var blocked bool
	var inTheWay []string
	for _, t := range report.Tasks {
		for _, r := range t.Checks {
			id := t.ID + "/" + r.ID
			seen[id] = true
			if r.Verdict != check.Pass && r.Verdict != check.Blocked {
				failed = append(failed, FailedCheck{ID: id, Code: r.Code})
			}
			fault := judgeCheck(c, id, r, full, allowed)
			switch {
			case fault != "":
				wrong = append(wrong, fault)
				blocked = blocked || r.Verdict == check.Blocked
			case r.Verdict == check.Fail && c.Fails[id] == "":
				inTheWay = append(inTheWay, id+": "+describe(r))
			}
		}
	}
	if blocked { // else the author would have to guess by what
		wrong = append(wrong, inTheWay...)
	}
	for _, id := range named(c) {
		if !seen[id] {
			wrong = append(wrong, fmt.Sprintf("%s was not run", id))
		}
	}
	return wrong, failed
}

// judgeCheck judges one check's result; empty means as it should be.
func judgeCheck(c lab.Case, id string, r check.Result, full bool, allowed []string) string {
	switch r.Verdict {
	case check.Error:
		return fmt.Sprintf("%s: error %s: %s", id, r.Code, r.Message)
	case check.Unassessable:
		if slices.Contains(allowed, id) {
			return ""
		}
		return id + " is unassessable here, and the lab does not allow for it"
	}
	if code, named := c.Fails[id]; named {
		if r.Verdict == check.Fail && r.Code == code {
			return ""
		}
		return fmt.Sprintf("%s: %s, want fail %s", id, describe(r), code)
	}
	switch c.Kind {
	case lab.Untouched:
		if r.Verdict == check.Blocked {
			return ""
		}
		return fmt.Sprintf("%s: %s, and the case does not list it", id, describe(r))
	case lab.Mutant:
		if !full || r.Verdict == check.Blocked || slices.Contains(c.Allows, id) {
			return ""
		}
	}
	if r.Verdict != check.Pass {
		return fmt.Sprintf("%s: %s, want pass", id, describe(r))
	}
	return ""
}

func describe(r check.Result) string {
	what := strings.TrimSpace(string(r.Verdict) + " " + r.Code)
	if observed := strings.TrimSpace(r.Observed); observed != "" {
		return what + " (" + observed + ")"
	}
	return what
}

// named lists the checks that a case expects something particular of.
func named(c lab.Case) []string {
	ids := make([]string, 0, len(c.Fails))
	for id := range c.Fails {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// expected says in words what a case should come to.
func expected(c lab.Case) string {
	switch c.Kind {
	case lab.Solution:
		return "every check passes"
	case lab.Untouched:
		return "nothing passes; " + codes(c)
	default:
		return codes(c)
	}
}

func codes(c lab.Case) string {
	var parts []string
	for _, id := range named(c) {
		parts = append(parts, id+" "+c.Fails[id])
	}
	return "fail " + strings.Join(parts, ", ")
}
