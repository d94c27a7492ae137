package stimulus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/lab"
)

// Compose is one run of docker compose.
type Compose struct {
	Dir            string
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// rehearsal brings up a copy of the learner's Compose project.
type rehearsal struct {
	env  *Env
	spec lab.DockerRehearsal
}

// rehearsalTime is how long Compose may take in all.
const rehearsalTime = 90 * time.Second

// Plan notes the copy's name, by which all of it is found.
func (r *rehearsal) Plan(context.Context) (undo.Record, error) {
	return undo.Record{Projects: []string{r.spec.Name}}, nil
}

// Do brings the copy up, and before that removes what an earlier one left or,
// with Again, takes it down.
func (r *rehearsal) Do(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, rehearsalTime, fmt.Errorf("docker compose took longer than %s", rehearsalTime))
	defer cancel()
	if !r.spec.Again {
		if err := r.env.Docker.DiscardProject(ctx, r.spec.Name); err != nil {
			return err
		}
	}
	model, err := r.model(ctx)
	if err != nil {
		return err
	}
	steps := [][]string{{"up", "--detach", "--pull", "never", "--quiet-pull"}}
	if r.spec.Again {
		steps = append([][]string{{"down"}}, steps...)
	}
	for _, step := range steps {
		args := append([]string{"--progress", "quiet", "--project-name", r.spec.Name, "--project-directory", r.env.Workspace, "--file", "-"}, step...)
		if _, err := r.compose(ctx, r.env.Workspace, args, bytes.NewReader(model)); err != nil {
			return err
		}
	}
	return nil
}

// model is the learner's project as Compose understands it, made a copy's.
func (r *rehearsal) model(ctx context.Context) ([]byte, error) {
	dir, remove, err := overlay(r.env.Workspace, r.spec.Files)
	if err != nil {
		return nil, err
	}
	defer remove()
	out, err := r.compose(ctx, dir, []string{"--project-directory", dir, "config", "--format", "json"}, nil)
	if err != nil {
		return nil, err
	}
	if dir != r.env.Workspace {
		out = bytes.ReplaceAll(out, []byte(dir), []byte(r.env.Workspace))
	}
	var project map[string]any
	if err := json.Unmarshal(out, &project); err != nil {
		return nil, fmt.Errorf("read what docker compose config prints: %w", err)
	}
	asCopy(project, r.spec)
	return json.Marshal(project)
}

// compose runs docker compose. What it refuses is the learner's doing, as long as
// the engine answers.
func (r *rehearsal) compose(ctx context.Context, dir string, args []string, stdin io.Reader) ([]byte, error) {
	var out bytes.Buffer
	said := &lastWords{}
	code, err := r.env.Compose(ctx, Compose{Dir: dir, Args: args, Stdin: stdin, Stdout: &out, Stderr: said})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil || code == 0 {
		return out.Bytes(), err
	}
	if err := r.env.Docker.Ping(ctx); err != nil {
		return nil, err
	}
	text := "docker compose up, tried on a copy of the project in the workspace, fails"
	if words := message.Tail(said.String(), 1); len(words) > 0 {
		text += ": " + strings.TrimPrefix(words[0], "Error response from daemon: ")
	}
	return nil, (&docker{}).failure(ComposeFailed, "", "%s", text)
}

// asCopy gives a project's model other names, no published ports and no fixed
// addresses, so that it gets on beside the original. What the original only uses
// (external: true), the copy does not find: nobody made it.
func asCopy(project map[string]any, spec lab.DockerRehearsal) {
	project["name"] = spec.Name
	for _, kind := range []string{"networks", "volumes"} {
		for key, about := range fields(project, kind) {
			if own, is := about.(map[string]any); is {
				own["name"] = spec.Name + "_" + key
				delete(own, "ipam")
			}
		}
	}
	for name := range fields(project, "services") {
		service := fields(fields(project, "services"), name)
		delete(service, "container_name")
		delete(service, "ports")
		for network := range fields(service, "networks") {
			place := fields(fields(service, "networks"), network)
			delete(place, "ipv4_address")
			delete(place, "ipv6_address")
		}
		env := fields(service, "environment")
		if env == nil {
			env = map[string]any{}
		}
		for key, value := range spec.Env[name] {
			env[key] = value
		}
		service["environment"] = env
	}
}

// fields is a field that is an object; nil if there is none.
func fields(o map[string]any, name string) map[string]any {
	value, _ := o[name].(map[string]any)
	return value
}

// overlay makes a directory that is like another, but for some files. Without
// files it is that one itself.
func overlay(dir string, files map[string]string) (string, func(), error) {
	if len(files) == 0 {
		return dir, func() {}, nil
	}
	top, err := os.MkdirTemp("", "labctl-workspace-")
	if err != nil {
		return "", nil, fmt.Errorf("make a directory for a copy of the workspace: %w", err)
	}
	remove := func() { _ = os.RemoveAll(top) } // links and small files at worst
	entries, err := os.ReadDir(dir)
	errs := []error{err}
	for _, e := range entries {
		if _, replaced := files[e.Name()]; !replaced {
			errs = append(errs, os.Symlink(filepath.Join(dir, e.Name()), filepath.Join(top, e.Name())))
		}
	}
	for name, content := range files {
		errs = append(errs, os.WriteFile(filepath.Join(top, name), []byte(content), 0o600))
	}
	if err := errors.Join(errs...); err != nil {
		remove()
		return "", nil, fmt.Errorf("make a copy of the workspace: %w", err)
	}
	return top, remove, nil
}
