package check

import (
	"testing"

	"labctl.dev/labctl/internal/lab"
)

// What people write is not on its way, whatever is starting meanwhile.
func TestWrittenBesideKubernetes(t *testing.T) {
	for name, tt := range map[string]struct {
		x    lab.Expect
		want bool
	}{
		"an image":                {lab.Expect{Docker: &lab.DockerProbe{Image: "parcels:v1"}}, true},
		"a container's settings":  {lab.Expect{Docker: &lab.DockerProbe{Container: "web"}, That: "self.HostConfig.Memory > 0"}, true},
		"a container's state":     {lab.Expect{Docker: &lab.DockerProbe{Container: "web"}, That: "self.State.Running"}, false},
		"a container's addresses": {lab.Expect{Docker: &lab.DockerProbe{Container: "web"}, That: `"depot" in self.NetworkSettings.Networks`}, false},
		"a network's containers":  {lab.Expect{Docker: &lab.DockerProbe{Network: "depot"}, That: "self.Containers.size() == 2"}, false},
		"containers":              {lab.Expect{Docker: &lab.DockerProbe{List: "container"}}, false},
		"a script":                {lab.Expect{Script: &lab.ScriptProbe{File: "a.sh"}}, false},
		"a script that says so":   {lab.Expect{Script: &lab.ScriptProbe{File: "a.sh", Written: true}}, true},
		"what answers":            {lab.Expect{HTTP: &lab.HTTPProbe{}}, false},
	} {
		if got := written(tt.x); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
