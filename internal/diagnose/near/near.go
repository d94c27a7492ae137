// Package near finds the name a person probably meant.
package near

import (
	"strings"

	"labctl.dev/labctl/internal/lab/nearest"
)

// Best returns the candidate that is most like want, and false when none is
// like it. A candidate equal to want is no answer: it is not a near miss.
func Best(want string, candidates []string) (string, bool) {
	best, least := "", limit(want)+1
	for _, c := range candidates {
		if d := distance(want, c); c != want && d < least {
			best, least = c, d
		}
	}
	if best != "" {
		return best, true
	}
	for _, c := range candidates { // the last resort: "web" for "website"
		if c != want && (begins(want, c) || begins(c, want)) {
			return c, true
		}
	}
	return "", false
}

// limit is how many slips still make the same name: one in four letters.
func limit(name string) int {
	return max(1, (len(name)+1)/4)
}

// distance is the number of slips between two names: letters left out, put in,
// swapped for another or with their neighbour. Case and separators, which
// people mix up, count as one slip however often; so does a part left out or
// added ("web" for "web-config").
func distance(a, b string) int {
	if plain(a) == plain(b) || isPart(a, b) || isPart(b, a) {
		return 1
	}
	return nearest.Distance(strings.ToLower(a), strings.ToLower(b))
}

func plain(s string) string {
	return strings.NewReplacer("-", "", "_", "", ".", "", "/", "").Replace(strings.ToLower(s))
}

// isPart says whether short is long without its first or last parts.
func isPart(short, long string) bool {
	if len(short) < 2 {
		return false
	}
	rest, ok := strings.CutPrefix(long, short)
	if ok && strings.ContainsRune("-_.", rune(rest[0])) {
		return true
	}
	rest, ok = strings.CutSuffix(long, short)
	return ok && strings.ContainsRune("-_.", rune(rest[len(rest)-1]))
}

// begins says whether a name worth the word is the beginning of the other.
func begins(short, long string) bool {
	return len(short) >= 3 && strings.HasPrefix(strings.ToLower(long), strings.ToLower(short))
}
