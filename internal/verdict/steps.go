package verdict

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/proc"
)

// Script is a script that a case runs as a learner would.
type Script struct {
	Name, Text string
	Dir        string   // where it runs
	Env        []string // NAME=value, all it sees
	Kubeconfig string   // what its kubectl uses
	// Environment is the name of the one that it works on.
	Environment string
	Out         io.Writer
}

// Shell runs scripts: labctl's own shell, the same on every machine.
type Shell func(context.Context, Script) error

// learner does a case's steps in an environment.
type learner struct {
	source  *lab.Source
	values  lab.Values
	env     started
	bin     string // where labkube is, whose kubectl is the pinned one
	shell   Shell
	scratch string // a directory for expanded files; the caller removes it
	out     *strings.Builder
}

// do does the steps of one case, whose files are in dir of the lab.
func (l *learner) do(ctx context.Context, dir string, steps []lab.Step) error {
	for i, s := range steps {
		if err := l.step(ctx, dir, s); err != nil {
			return fmt.Errorf("%s, step %d (%s): %w%s", path.Base(dir), i+1, what(s), err, l.said())
		}
	}
	return nil
}

func what(s lab.Step) string {
	switch {
	case s.Script != "":
		first, _, _ := strings.Cut(s.Script, "\n")
		return "script " + first
	case s.Apply != "":
		return "apply " + s.Apply
	case s.Copy != "":
		return "copy " + s.Copy
	default:
		return "wait"
	}
}

// said is the end of what the steps printed, for an error.
func (l *learner) said() string {
	lines := strings.Split(strings.TrimSpace(l.out.String()), "\n")
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "\n  " + strings.Join(lines[max(0, len(lines)-5):], "\n  ")
}

func (l *learner) step(ctx context.Context, dir string, s lab.Step) error {
	switch {
	case s.Script != "":
		text, err := l.script(dir, s.Script)
		if err != nil {
			return err
		}
		return l.shell(ctx, Script{
			Name: path.Base(dir), Text: text, Dir: l.env.Workspace, Env: l.values.Env(), Kubeconfig: l.env.Kubeconfig, Environment: l.env.Environment, Out: l.out,
		})
	case s.Apply != "":
		return l.apply(ctx, path.Join(dir, s.Apply))
	case s.Copy != "":
		return l.expandTo(path.Join(dir, s.Copy), filepath.Join(l.env.Workspace, path.Base(s.Copy)))
	}
	for _, object := range s.Wait {
		if err := l.wait(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// script is a script's text: a file of the case, or the text itself.
func (l *learner) script(dir, script string) (string, error) {
	if strings.ContainsAny(script, " \n") {
		return script, nil
	}
	data, err := l.source.Read(path.Join(dir, script))
	if err != nil {
		return "", err
	}
	return lab.Expand(string(data), l.values)
}

// apply applies a file, a directory or a kustomization.
func (l *learner) apply(ctx context.Context, from string) error {
	to := filepath.Join(l.scratch, filepath.FromSlash(from))
	if err := l.expandTo(from, to); err != nil {
		return err
	}
	flag := "-f"
	if _, err := os.Stat(filepath.Join(to, "kustomization.yaml")); err == nil {
		flag = "-k"
	}
	return l.run(ctx, "apply", flag, to)
}

// wait waits until an object is as it should be, in kubectl's way.
func (l *learner) wait(ctx context.Context, object string) error {
	kind, _, _ := strings.Cut(object, "/")
	switch strings.ToLower(kind) {
	case "deployment", "statefulset", "daemonset":
		return l.run(ctx, "rollout", "status", object, "--timeout=90s")
	case "job":
		return l.run(ctx, "wait", object, "--for=condition=Complete", "--timeout=90s")
	default:
		return l.run(ctx, "wait", object, "--for=condition=Ready", "--timeout=90s")
	}
}

func (l *learner) run(ctx context.Context, args ...string) error {
	return proc.Command{
		Path: filepath.Join(l.bin, "labkube"), Args: append([]string{"kubectl"}, args...), Dir: l.env.Workspace,
		Env: append(os.Environ(), "KUBECONFIG="+l.env.Kubeconfig, "KUBECACHEDIR="+l.scratch), Stdout: l.out, Stderr: l.out,
	}.Run(ctx)
}

// expandTo copies a file or directory of the lab with its references filled in.
func (l *learner) expandTo(from, to string) error {
	return fs.WalkDir(l.source.FS, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(name, from), "/")))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := l.source.Read(name)
		if err != nil {
			return err
		}
		text, err := lab.Expand(string(data), l.values)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, []byte(text), 0o644))
	})
}
