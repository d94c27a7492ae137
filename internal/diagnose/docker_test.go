package diagnose

import (
	"testing"

	dockercontainer "github.com/docker/docker/api/types/container"
)

func TestCommandsWorkWhenTheyAreRead(t *testing.T) {
	for name, want := range map[string]string{
		"web":                 "docker logs web; docker top web",
		"labctl-trial":        "docker run --rm shop:v1", // a check's own: gone by then
		"labctl-copy-store-1": "docker compose logs store",
	} {
		c := docked{&dockercontainer.InspectResponse{
			ContainerJSONBase: &dockercontainer.ContainerJSONBase{Name: "/" + name},
			Config:            &dockercontainer.Config{Image: "shop:v1", Labels: map[string]string{}},
		}}
		if name == "labctl-copy-store-1" {
			c.Config.Labels["com.docker.compose.service"] = "store"
		}
		if got := c.command("logs", "top"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
