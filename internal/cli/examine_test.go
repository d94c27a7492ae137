package cli

import (
	"strings"
	"testing"

	"labctl.dev/labctl/internal/engine/kind"
)

// What is found in Docker is said in full, and each lack with what helps.
func TestDockerChecks(t *testing.T) {
	answers := kind.Report{Host: "unix:///run/docker.sock", Version: "29.1.0", API: "1.51", Image: "kind's is in Docker", Space: "8.0 GB of memory in all"}
	old := kind.Report{Host: answers.Host, Docker: kind.Lack{Reason: "too old", Remedy: "update it"}}
	bare := answers
	bare.NoImage, bare.NoSpace = kind.Lack{Reason: "no image", Remedy: "pull it"}, kind.Lack{Reason: "no room", Remedy: "prune"}
	for name, tt := range map[string]struct {
		report kind.Report
		want   string
	}{
		"all is there":      {answers, "ok docker Docker Engine 29.1.0 (API 1.51) at unix:///run/docker.sock|ok space in docker there are 8.0 GB of memory in all|ok node image kind's is in Docker"},
		"it is of no use":   {old, "warning docker too old > update it"},
		"much is not there": {bare, "ok docker Docker Engine 29.1.0 (API 1.51) at unix:///run/docker.sock|warning space in docker no room > prune|warning node image no image > pull it"},
	} {
		var got []string
		for _, c := range dockerChecks(tt.report) {
			line := c.State + " " + c.Name + " " + c.Message
			if c.Remedy != "" {
				line += " > " + c.Remedy
			}
			got = append(got, line)
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
