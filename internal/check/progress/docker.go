package progress

import (
	"time"

	"github.com/docker/docker/api/types/container"
)

// Docker is the Kind of subjects that are Docker's: containers, images and so on.
const Docker = "Docker"

// maxRestarts is how often a container may be restarted before that is no start any
// more, but a crash loop.
const maxRestarts = 3

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
	changed := latest(stamp(c.Created), stamp(c.State.StartedAt), stamp(c.State.FinishedAt))
	health := c.State.Health
	if health != nil && len(health.Log) > 0 {
		if end := health.Log[len(health.Log)-1].End; end.After(changed) && health.FailingStreak <= 1 {
			changed = end // of a health that turned
		}
	}
	switch {
	case c.State.Restarting && c.RestartCount < maxRestarts:
		return moving(changed, "container %s is restarting", c.Name)
	case c.State.Running && health != nil && health.Status == container.Starting:
		return moving(changed, "container %s is starting", c.Name)
	}
	return recent(now, changed)
}

// stamp reads one of Docker's times; one that never came is in the year 1.
func stamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
