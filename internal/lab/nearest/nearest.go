// Package nearest finds what a mistyped name was meant to be.
package nearest

import (
	"fmt"
	"slices"
	"strings"
)

// Name is the candidate most like a word, or "" when none is like it: at most
// a third of its letters may differ, swapped neighbours counting once.
func Name(word string, candidates []string) string {
	best, bestDistance := "", len(word)/3+1
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		d := Distance(strings.ToLower(word), strings.ToLower(candidate))
		if d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// Suggestion is `did you mean "x"?`, or else a list of what there is.
func Suggestion(word string, candidates []string) string {
	if name := Name(word, candidates); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	if len(candidates) == 0 {
		return ""
	}
	return "there is: " + strings.Join(slices.Sorted(slices.Values(candidates)), ", ")
}

// Distance is the number of letters to insert, delete, change or swap with
// their neighbour (optimal string alignment).
func Distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
