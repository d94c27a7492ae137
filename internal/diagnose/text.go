package diagnose

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence makes the first letter a capital.
func sentence(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// trimDetail makes one line of at most 300 characters of a message, without
// what differs between two runs and tells nobody anything.
func trimDetail(text string) string {
	const longest = 300
	text = strings.Join(strings.Fields(text), " ")
	text = regexp.MustCompile(`(rpc error: code = \w+ desc = |: unknown$)`).ReplaceAllString(text, "")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

func lower(kind string) string { return strings.ToLower(kind) }

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
