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
	return undo.Record{Projects: []undo.Project{r.copy()}}, nil
}

// copy is what there will be. Its files are in the workspace, as that is where
// containers may mount from.
func (r *rehearsal) copy() undo.Project { return undo.Project{Name: r.spec.Name} }

// Do brings the copy up, and before that removes what an earlier one left or,
// with Again, takes it down.
func (r *rehearsal) Do(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, rehearsalTime, fmt.Errorf("docker compose took longer than %s", rehearsalTime))
	defer cancel()
	if !r.spec.Again {
		if err := r.copy().Remove(ctx, undo.World{Docker: r.env.Docker, Workspace: r.env.Workspace}); err != nil {
			return err
		}
	}
	dir := r.env.Workspace
	if len(r.spec.Files) > 0 {
		dir = r.copy().Dir(r.env.Workspace)
		if err := overlay(dir, r.env.Workspace, r.spec.Files); err != nil {
			return fmt.Errorf("make a copy of the workspace: %w", err)
		}
	}
	model, err := r.model(ctx, dir)
	if err != nil {
		return err
	}
	steps := [][]string{{"up", "--detach", "--pull", "never", "--quiet-pull"}}
	if r.spec.Again {
		steps = append([][]string{{"down"}}, steps...)
	}
	for _, step := range steps {
		args := append([]string{"--progress", "quiet", "--project-name", r.spec.Name, "--project-directory", dir, "--file", "-"}, step...)
		if _, err := r.compose(ctx, dir, args, bytes.NewReader(model)); err != nil {
			return err
		}
	}
	return nil
}

// model is the learner's project as Compose understands it, made a copy's.
func (r *rehearsal) model(ctx context.Context, dir string) ([]byte, error) {
	out, err := r.compose(ctx, dir, []string{"config", "--format", "json"}, nil)
	if err != nil {
		return nil, err
	}
	if dir != r.env.Workspace {
		out = mounted(out, dir, r.env.Workspace, r.spec.Files)
	}
	var project map[string]any
	if err := json.Unmarshal(out, &project); err != nil {
		return nil, fmt.Errorf("read what docker compose config prints: %w", err)
	}
	asCopy(project, r.spec)
	return json.Marshal(project)
}

// mounted has a model's paths lead into the workspace again, but for those of the
// files that are replaced: no links are mounted.
func mounted(model []byte, dir, workspace string, files map[string]string) []byte {
	model = bytes.ReplaceAll(model, []byte(dir), []byte(workspace))
	for name := range files {
		model = bytes.ReplaceAll(model, []byte(`"`+filepath.Join(workspace, name)+`"`), []byte(`"`+filepath.Join(dir, name)+`"`))
	}
	return model
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
	text := "a copy of your project does not come up by `docker compose up` in the workspace"
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

// overlay makes the directory top, which is like another, but for some files.
func overlay(top, dir string, files map[string]string) error {
	err := errors.Join(os.RemoveAll(top), os.Mkdir(top, 0o755))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, replaced := files[e.Name()]; replaced || path == top {
			continue
		}
		if err := os.Symlink(path, filepath.Join(top, e.Name())); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(top, name), []byte(content), 0o644); err != nil { //nolint:gosec // containers of any user read it
			return err
		}
	}
	return nil
}
