package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/lab"
)

// dockerExec runs a command in a container of Docker's.
type dockerExec struct {
	env  *Env
	spec lab.ExecProbe
}

// Look runs the command, if the container runs.
func (e *dockerExec) Look(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*lookTime)
	defer cancel()
	id, o, err := e.env.running(ctx, e.spec.Of)
	if err != nil || id == "" {
		return o, err
	}
	var out, said limited
	code, err := e.env.Docker.Exec(ctx, id, e.spec.Command, &out, &said)
	if err != nil {
		if now, o, again := e.env.running(ctx, e.spec.Of); again == nil && now != id {
			return o, nil // it ended under our hands
		}
		return Observation{}, fmt.Errorf("run %q in the %s: %w", e.spec.Command, container.Spoken(e.spec.Of), err)
	}
	if container.NotExecutable(code) && strings.HasPrefix(out.String(), "OCI runtime exec failed") {
		// The engine says so where the program would have said something.
		said, out = limited{}, limited{}
		said.WriteString(e.spec.Command[0] + ": not in the container, or not to be run there")
	}
	o.Found, o.Summary = true, fmt.Sprintf("exit code %d", code)
	o.Self = map[string]any{
		"container": strings.TrimPrefix(e.spec.Of, "container/"), "exitCode": int64(code), "stdout": out.String(), "stderr": said.String(), "json": jsonOf(out.String()),
	}
	return o, nil
}

// running returns the ID of a container that runs; or else none, and what is to
// be seen instead.
func (e *Env) running(ctx context.Context, of string) (string, Observation, error) {
	o := Observation{About: aboutDocker(container.Container, of), Behaviour: true}
	id, err := e.Docker.Find(ctx, of)
	if err != nil {
		return "", Observation{}, err
	}
	if id == "" {
		o.miss("there is no %s", container.Spoken(of))
		o.Behaviour = false
		return "", o, nil
	}
	o.About.Found = true
	about, err := e.Docker.API.ContainerInspect(ctx, id)
	switch {
	case container.Gone(err):
		o.miss("the %s is gone", container.Spoken(of))
		return "", o, nil
	case err != nil:
		return "", Observation{}, fmt.Errorf("inspect the %s: %w", container.Spoken(of), err)
	case !about.State.Running || about.State.Paused || about.State.Restarting:
		o.miss("the %s is %s", container.Spoken(of), about.State.Status)
		return "", o, nil
	}
	return id, o, nil
}

// dockerLogs reads what a container of Docker's printed.
type dockerLogs struct {
	env  *Env
	spec lab.LogsProbe
}

// Look reads the last lines, whether the container runs or not.
func (l *dockerLogs) Look(ctx context.Context) (Observation, error) {
	o := Observation{About: aboutDocker(container.Container, l.spec.Of), Behaviour: true}
	id, err := l.env.Docker.Find(ctx, l.spec.Of)
	if err != nil {
		return Observation{}, err
	}
	if id == "" {
		o.miss("there is no %s", container.Spoken(l.spec.Of))
		return o, nil
	}
	tail := 500
	if l.spec.Tail > 0 {
		tail = l.spec.Tail
	}
	var text limited
	err = l.env.Docker.Logs(ctx, id, tail, &text)
	switch {
	case container.Gone(err):
		o.miss("the %s is gone", container.Spoken(l.spec.Of))
		return o, nil
	case errors.Is(err, container.ErrNoLogs):
		o.About.Found = true
		o.miss("what the %s prints cannot be read (%v)", container.Spoken(l.spec.Of), err)
		return o, nil
	case err != nil:
		return Observation{}, fmt.Errorf("read what the %s printed: %w", container.Spoken(l.spec.Of), err)
	}
	lines := []any{}
	for line := range strings.Lines(text.String()) {
		lines = append(lines, strings.TrimRight(line, "\r\n"))
	}
	o.Found, o.About.Found = len(lines) > 0, true
	o.Missing = "nothing was printed by the " + container.Spoken(l.spec.Of)
	o.Summary = fmt.Sprintf("%d lines", len(lines))
	o.Self = map[string]any{"lines": lines, "text": strings.TrimRight(text.String(), "\n")}
	return o, nil
}
