package kind

import (
	"context"
	"errors"
	"strings"
	"time"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

const (
	// vigilEvery is how often Docker is asked for a sign of life amid its work, and
	// silence how long it may take to give one: it is busy then.
	vigilEvery = time.Second
	silence    = 15 * time.Second
)

// attended does something with Docker, and gives it up when Docker ends or falls
// silent meanwhile: its requests, and kind's commands, know no end of their own.
// What is known to help is in the error.
func attended(ctx context.Context, docker *container.Client, do func(context.Context) error) error {
	watched, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go vigil(watched, docker, giveUp)
	err := do(watched)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if lost := lost(watched); lost != nil {
		return lost // what failed because of it says less
	}
	return advise(ctx, docker, err)
}

// lost is why a context ended, if it is that Docker did.
func lost(ctx context.Context) error {
	var trouble *engine.Trouble
	if errors.As(context.Cause(ctx), &trouble) {
		return trouble
	}
	return nil
}

// vigil waits until Docker gives no sign of life, or ctx ends.
func vigil(ctx context.Context, docker *container.Client, giveUp context.CancelCauseFunc) {
	tick := time.NewTicker(vigilEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := alive(ctx, docker); err != nil && ctx.Err() == nil {
			giveUp(err)
		}
	}
}

// alive asks Docker for a sign of life. The error is a *engine.Trouble.
func alive(ctx context.Context, docker *container.Client) error {
	ask, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	if _, err := docker.API.Ping(ask); err != nil {
		t := container.Unanswered(docker.API.DaemonHost(), silence, err)
		return &engine.Trouble{Reason: t.What, Remedy: t.Remedy, Err: err}
	}
	return nil
}

// advise adds to an error what helps, if that is known. Docker gives most of its
// errors no type, and kind passes on what the docker command prints.
func advise(ctx context.Context, docker *container.Client, err error) error {
	if errors.As(err, new(*engine.Trouble)) || errors.Is(err, engine.ErrNotFound) {
		return err
	}
	if gone := alive(ctx, docker); gone != nil && ctx.Err() == nil {
		return gone
	}
	if remedy := remedy(err); remedy != "" {
		return &engine.Trouble{Reason: err.Error(), Remedy: remedy, Err: err}
	}
	return err
}

func remedy(err error) string {
	said := err.Error()
	switch {
	case container.NoSpace(err):
		return "`docker system df` shows what takes the space on Docker's disk, `docker system prune` removes what nothing uses; then try again"
	case container.PortTaken(err):
		return "Another program has the port: `docker ps` and `sudo ss -ltnp` show which. End it, then run `labctl start` again"
	case strings.Contains(said, "is already in use by container"):
		return "That container is not labctl's: rename it with `docker rename`, or remove it if nobody needs it, then try again"
	case strings.Contains(said, "exec format error") || strings.Contains(said, "could not find a log line that matches"):
		return "The node image does not work here. If it is labctl's own, `docker rmi -f " + ownImage + "` removes it and `make node-image` builds it anew; then try again"
	}
	return ""
}
