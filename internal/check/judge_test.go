package check

import "testing"

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"there is none": "There is none.", "Done.": "Done.", " \n": "", "x": "X.", "öffentlich": "Öffentlich.", "日本": "日本.", "2 pods": "2 pods.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("sentence(%q) = %q, want %q", text, got, want)
		}
	}
}
