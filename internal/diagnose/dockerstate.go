package diagnose

import (
	"context"
	"fmt"
	"strings"
	"time"

	dockercontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/go-units"

	"labctl.dev/labctl/internal/diagnose/message"
)

// container explains what keeps a container from working; nil if it runs, or is on
// its way to.
func (x world) container(ctx context.Context, c docked) []Cause {
	switch {
	case c.State.Paused:
		return []Cause{
			seen(Paused, "Container %s is paused: its processes are there, and do nothing.", c.name()),
			fix(Paused, "docker unpause %s", c.name()),
		}
	case c.State.Status == dockercontainer.StateCreated:
		return c.neverStarted()
	case c.State.Running && !c.State.Restarting && c.RestartCount > 1 && x.since(c.State.FinishedAt) < recent:
		// It is up for the moment, and Docker has forgotten how it ended.
		return x.printed(ctx, c, seen(CrashLoop, "Container %s keeps ending, and has just been started again: %s.", c.name(), count(c.RestartCount, "restart")))
	case c.State.Restarting:
		return x.ended(ctx, c, seen(CrashLoop, "Container %s keeps ending: %s, the last time with exit code %d%s.",
			c.name(), count(c.RestartCount, "restart"), c.State.ExitCode, exitMeaning(c.State.ExitCode, c.State.OOMKilled)))
	case !c.State.Running:
		return x.ended(ctx, c, seen(Exited, "Container %s has ended with exit code %d%s.",
			c.name(), c.State.ExitCode, exitMeaning(c.State.ExitCode, c.State.OOMKilled)))
	case c.State.Health != nil:
		return c.health()
	}
	return nil
}

func (x world) since(stamp string) time.Duration {
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return time.Hour
	}
	return x.now.Sub(t)
}

func (c docked) neverStarted() []Cause {
	if c.State.Error != "" {
		return []Cause{
			seen(ContainerCreateError, "Container %s could not be started: %s", c.name(), refusal(c.State.Error)),
			look(ContainerCreateError, "What it was to run: %s", c.command("inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}'")),
		}
	}
	return []Cause{
		seen(NeverStarted, "Container %s has been made, and never started.", c.name()),
		fix(NeverStarted, "docker start %s", c.name()),
	}
}

// refusal is why a container was not started, without the names of all the programs
// that passed it on.
func refusal(text string) string {
	for _, passed := range []string{"OCI runtime create failed: ", "runc create failed: ", "error during container init: "} {
		if _, why, ok := strings.Cut(text, passed); ok {
			text = why
		}
	}
	return trimDetail(text)
}

// ended explains why a container has ended, and perhaps been started again.
func (x world) ended(ctx context.Context, c docked, how Cause) []Cause {
	chain := []Cause{how}
	if c.State.OOMKilled {
		return append(chain, c.outOfMemory()...)
	}
	if c.State.Error != "" {
		return append(chain, seen(ContainerCreateError, "It could not be started: %s", refusal(c.State.Error)))
	}
	chain = x.printed(ctx, c, chain...)
	if c.State.ExitCode == 0 {
		chain = append(chain, seen(Completed, "Its program finished without an error; a container ends with its first process."))
	}
	return chain
}

// printed adds the last lines of a container's log.
func (x world) printed(ctx context.Context, c docked, chain ...Cause) []Cause {
	code := chain[0].Code
	var log strings.Builder
	_ = x.client.Logs(ctx, c.ID, 20, &log) // without it there is less to tell
	if lines := message.Tail(log.String(), 5); len(lines) > 0 {
		return append(chain, look(code, "The last it printed (%s):\n  %s", c.command("logs"), strings.Join(lines, "\n  ")))
	}
	return append(chain, look(code, "It printed nothing. See how it ended: %s", c.command("inspect -f '{{json .State}}'")))
}

func (c docked) outOfMemory() []Cause {
	limit := "this machine has"
	if c.HostConfig != nil && c.HostConfig.Memory > 0 {
		limit = "its limit of " + units.BytesSize(float64(c.HostConfig.Memory))
	}
	return []Cause{
		seen(OOMKilled, "The kernel killed it, because it wanted more memory than %s.", limit),
		look(OOMKilled, "Compare the limit with what the program needs: %s", c.command("inspect -f '{{.HostConfig.Memory}} {{.Config.Env}}'")),
		fix(OOMKilled, "Raise the limit (docker stop, docker update --memory … --memory-swap …, docker start), or have the program take less."),
	}
}

// health explains a container that is not healthy, in its health check's words.
func (c docked) health() []Cause {
	h := c.State.Health
	if h.Status == dockercontainer.Healthy || len(h.Log) == 0 {
		return nil
	}
	last := h.Log[len(h.Log)-1]
	if last.ExitCode == 0 {
		return nil
	}
	how := seen(Unhealthy, "Container %s is unhealthy: its health check failed %s in a row.", c.name(), count(h.FailingStreak, "time"))
	if h.Status == dockercontainer.Starting {
		how = seen(Starting, "Container %s is not healthy yet: its health check has not passed.", c.name())
	}
	said := "it printed nothing, and ended with " + fmt.Sprintf("exit code %d", last.ExitCode)
	if out := trimDetail(last.Output); out != "" {
		said = "its last words were: " + out
	}
	return []Cause{
		how,
		look(how.Code, "The check is %s; %s", strings.Join(c.test(), " "), said),
	}
}

// test is the command of the health check.
func (c docked) test() []string {
	if c.Config.Healthcheck == nil {
		return nil
	}
	return c.Config.Healthcheck.Test
}
