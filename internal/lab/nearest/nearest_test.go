package nearest_test

import (
	"testing"

	"labctl.dev/labctl/internal/lab/nearest"
)

func TestName(t *testing.T) {
	keys := []string{"title", "tasks", "that", "kubernetes", "needs"}
	for word, want := range map[string]string{
		"titel": "title", "task": "tasks", "Tasks": "tasks", "kubernets": "kubernetes",
		"zzz": "", "": "", "x": "",
	} {
		if got := nearest.Name(word, keys); got != want {
			t.Errorf("Name(%q) = %q, want %q", word, got, want)
		}
	}
}
