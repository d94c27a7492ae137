package progress_test

import (
	"testing"
	"time"

	dockercontainer "github.com/docker/docker/api/types/container"

	"labctl.dev/labctl/internal/check/progress"
)

// one is a container that has run for long, changed.
func one(change func(*dockercontainer.InspectResponse)) dockercontainer.InspectResponse {
	c := dockercontainer.InspectResponse{
		ContainerJSONBase: &dockercontainer.ContainerJSONBase{
			Name: "/web", Created: text(time.Hour), State: &dockercontainer.State{Running: true, StartedAt: text(time.Hour), FinishedAt: "0001-01-01T00:00:00Z"},
		},
		Config: &dockercontainer.Config{},
	}
	change(&c)
	return c
}

func text(ago time.Duration) string { return now().Add(-ago).Format(time.RFC3339Nano) }

// health is a container's after checks with these exit codes, the last a second ago.
func health(status string, streak int, codes ...int) func(*dockercontainer.InspectResponse) {
	return func(c *dockercontainer.InspectResponse) {
		c.State.Health = &dockercontainer.Health{Status: status, FailingStreak: streak}
		for i, code := range codes {
			end := now().Add(-time.Duration(len(codes)-i) * time.Second)
			c.State.Health.Log = append(c.State.Health.Log, &dockercontainer.HealthcheckResult{End: end, ExitCode: code})
		}
	}
}

func TestContainers(t *testing.T) {
	tests := map[string]struct {
		change        func(*dockercontainer.InspectResponse)
		moving, fresh bool
	}{
		"runs for long": {func(*dockercontainer.InspectResponse) {}, false, false},
		"just started":  {func(c *dockercontainer.InspectResponse) { c.State.StartedAt = text(time.Second) }, false, true},
		"just ended": {func(c *dockercontainer.InspectResponse) {
			c.State.Running, c.State.FinishedAt = false, text(time.Second)
		}, false, true},
		"created, never started": {func(c *dockercontainer.InspectResponse) {
			c.State = &dockercontainer.State{StartedAt: "0001-01-01T00:00:00Z"}
		}, false, false},
		"restarting":            {func(c *dockercontainer.InspectResponse) { c.State.Restarting = true }, true, false},
		"in a crash loop":       {func(c *dockercontainer.InspectResponse) { c.State.Restarting, c.RestartCount = true, 9 }, false, false},
		"a clock that is ahead": {func(c *dockercontainer.InspectResponse) { c.State.StartedAt = text(-time.Hour) }, false, false},
		"health starting":       {health(dockercontainer.Starting, 0), true, false},
		"starting, failed once": {health(dockercontainer.Starting, 1, 1), true, false},
		"paused while starting": {func(c *dockercontainer.InspectResponse) {
			health(dockercontainer.Starting, 0)(c)
			c.State.Paused = true
		}, false, false},
		"just healthy":            {health(dockercontainer.Healthy, 0, 1, 0), false, true},
		"healthy at once":         {health(dockercontainer.Healthy, 0, 0), false, true},
		"healthy for long":        {health(dockercontainer.Healthy, 0, 0, 0, 0, 0, 0), false, false},
		"failing, not yet judged": {health(dockercontainer.Healthy, 1, 0, 0, 0, 0, 1), false, true},
		"just unhealthy":          {health(dockercontainer.Unhealthy, 3, 0, 0, 1, 1, 1), false, true},
		"unhealthy for long":      {health(dockercontainer.Unhealthy, 30, 1, 1, 1, 1, 1), false, false},
		"nothing known":           {func(c *dockercontainer.InspectResponse) { c.ContainerJSONBase = nil }, false, false},
	}
	for name, tt := range tests {
		s := progress.Containers(now(), []dockercontainer.InspectResponse{one(func(*dockercontainer.InspectResponse) {}), one(tt.change)})
		if s.Moving != tt.moving || !s.Moving && s.Fresh != tt.fresh || s.Moving && s.Why[:13] != "container web" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s := progress.Containers(now(), nil); s.Moving || s.Fresh {
		t.Errorf("without containers: %+v", s)
	}
}
