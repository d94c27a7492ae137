package release

import (
	"strings"
	"testing"
)

// Who has an archive has neither the source nor make.
func TestRestore(t *testing.T) {
	if got := restore("", "build docker"); !strings.Contains(got, "`make build docker`") {
		t.Errorf("who builds labctl is told: %s", got)
	}
	got := restore("v1.2.3", "build docker")
	if strings.Contains(got, "make") || !strings.Contains(got, "archive of labctl v1.2.3") {
		t.Errorf("who has an archive is told: %s", got)
	}
}
