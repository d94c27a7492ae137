// Package message reads the sentences in which the parts of Kubernetes say what
// is wrong. They are made for people, but each comes from one format string.
package message

import (
	"regexp"
	"strconv"
	"strings"
)

// find returns the groups of the first match, nil if there is none. Patterns
// are compiled at each call: a diagnosis tries a handful of them once.
func find(pattern, text string) []string {
	groups := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if groups == nil {
		return nil
	}
	return groups[1:]
}

// Unplaced is a reason of the scheduler's and the number of nodes it holds for.
type Unplaced struct {
	Nodes  int
	Reason string
}

// Unscheduled reads "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were
// unschedulable. preemption: …". Reasons that name no number hold for all nodes
// and have Nodes 0.
func Unscheduled(text string) []Unplaced {
	if groups := find(`^\d+/\d+ nodes are available: (.*)$`, text); groups != nil {
		text = groups[0]
	}
	text, _, _ = strings.Cut(text, " preemption: ")
	text = strings.TrimRight(text, " .,")
	var reasons []Unplaced
	for _, part := range regexp.MustCompile(`[,.] `).Split(text, -1) {
		reason := Unplaced{Reason: part}
		if groups := find(`^(\d+) (.+)$`, part); groups != nil {
			reason.Nodes, _ = strconv.Atoi(groups[0])
			reason.Reason = groups[1]
		}
		if reason.Reason != "" {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// Tail returns the last n lines of a log that are not blank, without the
// trailing spaces; long lines are cut.
func Tail(log string, n int) []string {
	const longest = 160
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" {
			continue
		}
		if runes := []rune(line); len(runes) > longest {
			line = string(runes[:longest]) + "…"
		}
		lines = append(lines, line)
	}
	return lines[max(0, len(lines)-n):]
}
