package probe

import (
	"encoding/json"
	"testing"
)

// What a health check has not found out yet is worth waiting for.
func TestWhatTakesItsTime(t *testing.T) {
	for text, want := range map[string]bool{
		`{"State": {"Running": true, "Health": {"Status": "healthy"}}}`: true,
		`{"State": {"Running": true}}`:                                  false,
		`{"Driver": "bridge"}`:                                          false,
	} {
		self, err := inspected(json.RawMessage(text))
		if err != nil || hasHealth(self) != want {
			t.Errorf("%s: %v, %v", text, hasHealth(self), err)
		}
	}
}
