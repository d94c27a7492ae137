package progress

import (
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
)

// Docker is the Kind of subjects that are Docker's: containers, images and so on.
const Docker = "Docker"

const (
	// maxRestarts is how often a container may be restarted before that is no start
	// any more, but a crash loop.
	maxRestarts = 3
	// usualRetries is how many health checks in a row fail before a container counts
	// as unhealthy that does not say: https://docs.docker.com/reference/dockerfile/#healthcheck
	usualRetries = 3
)

// Containers says whether any of an engine's containers is on its way to run, or
// to be healthy. What they do depends on each other, so all are asked.
func Containers(now time.Time, all []container.InspectResponse) State {
	states := make([]State, len(all))
	for i := range all {
		states[i] = containerState(now, &all[i])
	}
	return merge(states...)
}

func containerState(now time.Time, c *container.InspectResponse) State {
	if c.ContainerJSONBase == nil || c.State == nil {
		return still(time.Time{})
	}
	name := strings.TrimPrefix(c.Name, "/")
	changed := latest(stamp(c.Created), stamp(c.State.StartedAt), stamp(c.State.FinishedAt), healthTurned(c))
	switch {
	case c.State.Restarting && c.RestartCount < maxRestarts:
		return moving(changed, "container %s is restarting", name)
	case c.State.Running && !c.State.Paused && c.State.Health != nil && c.State.Health.Status == container.Starting:
		return moving(changed, "container %s is starting", name)
	}
	return recent(now, changed)
}

// healthTurned is when the health of a container last became another, as far as the last
// few of its health checks tell; zero if they do not.
func healthTurned(c *container.InspectResponse) (last time.Time) {
	health := c.State.Health
	if health == nil {
		return last
	}
	for i, check := range health.Log {
		if i > 0 && (check.ExitCode == 0) != (health.Log[i-1].ExitCode == 0) || i == 0 && health.FailingStreak == 0 && len(health.Log) == 1 {
			last = check.End
		}
	}
	retries := usualRetries
	if c.Config != nil && c.Config.Healthcheck != nil && c.Config.Healthcheck.Retries > 0 {
		retries = c.Config.Healthcheck.Retries
	}
	if n := len(health.Log); n > 0 && health.FailingStreak == retries {
		last = health.Log[n-1].End // it is unhealthy since then
	}
	return last
}

// stamp reads one of Docker's times; one that never came is in the year 1.
func stamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
