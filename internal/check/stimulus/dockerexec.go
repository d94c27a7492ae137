package stimulus

import (
	"context"
	"fmt"
	"strings"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/lab"
)

// dockerExec runs a command in a container of Docker's.
type dockerExec struct {
	docker

	command lab.ExecStimulus
}

// Plan finds the container and notes what it is like.
func (e *dockerExec) Plan(ctx context.Context) (undo.Record, error) {
	now, err := e.find(ctx, e.command.Of, "run a command in")
	if err != nil {
		return undo.Record{}, err
	}
	if now.HostConfig.AutoRemove { // what it does may well end the container
		return undo.Record{}, e.failure(Refused, e.command.Of, "the %s was started with --rm: Docker would remove it, with what is in it, should it end; start it without", container.Spoken(e.command.Of))
	}
	e.held.Command = e.command.Undo
	return undo.Record{Containers: []undo.Container{e.held}}, nil
}

// Do runs the command, which has to succeed, as in a pod.
func (e *dockerExec) Do(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, execTime)
	defer cancel()
	said := &lastWords{}
	code, err := e.env.Docker.Exec(ctx, e.id, e.command.Command, said, said)
	spoken := container.Spoken(e.command.Of)
	switch {
	case container.Gone(err):
		return e.failure(NotFound, e.command.Of, "the %s went away", spoken)
	case err != nil:
		return fmt.Errorf("run %q in the %s: %w", e.command.Command, spoken, err)
	case container.NotExecutable(code):
		return e.failure(NotReady, e.command.Of, "the %s has no program %s", spoken, e.command.Command[0])
	case code == 0 || code > signalled:
		return nil
	}
	text := fmt.Sprintf("the command that this check runs in the %s failed: %q ended with exit code %d", spoken, strings.Join(e.command.Command, " "), code)
	if words := message.Tail(said.String(), 1); len(words) > 0 {
		text += ": " + words[0]
	}
	return e.failure(CommandFailed, e.command.Of, "%s", text)
}
