package environment

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"labctl.dev/labctl/internal/component"
	"labctl.dev/labctl/internal/engine/none"
	"labctl.dev/labctl/internal/lab"
)

// part is a component that keeps a list of what it is told.
type part struct {
	component.Component
	component.Running

	workspace string
	told      []string
	ended     error // why it has, if it has
}

func (p *part) Err() error { return p.ended }

func (*part) Name() string { return "docker" }

func (*part) Variables(component.Spec) []string { return nil }

func (p *part) Up(_ context.Context, spec component.Spec, _ component.Ledger, _ func(string)) (component.Running, error) {
	p.workspace = spec.Workspace
	return p, os.MkdirAll(spec.Dir, 0o711)
}

func (p *part) Down(context.Context, component.Spec) error {
	p.told = append(p.told, "down")
	return nil
}
func (p *part) Close(context.Context) error    { return nil }
func (p *part) Baseline(context.Context) error { return nil }

func (p *part) Reset(context.Context) error {
	p.told = append(p.told, "reset")
	// As a container would that still runs and writes to the workspace.
	return os.WriteFile(filepath.Join(p.workspace, "late"), nil, 0o600)
}

func (p *part) LoadImages(_ context.Context, tar io.Reader) error {
	data, err := io.ReadAll(tar)
	p.told = append(p.told, "images "+string(data))
	return err
}

// withPart is a started environment with one part.
func withPart(t *testing.T) (*part, *Lifecycle) {
	t.Helper()
	src, problems := lab.Load(fstest.MapFS{"one.sh": {}, "lab.yaml": {Data: []byte(`apiVersion: labctl.dev/v1alpha1
name: tiny
title: Tiny
summary: A lab of one task.
level: beginner
minutes: 1
needs: {components: [docker]}
tasks:
- id: one
  title: One
  hints: [One.]
  checks:
  - id: one
    title: One
    expect:
    - script: {file: one.sh}
`)}}, "tiny")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	p := &part{}
	setup := Setup{Engine: none.Engine{}, Components: []component.Component{p}, Lab: src, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	life, err := setup.New(testHome(t), "tiny", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	life.Material.Images = func(string) (Archive, error) { return io.NopCloser(strings.NewReader("web")), nil }
	if err := life.Start(t.Context(), false, ignore{}); err != nil {
		t.Fatal(err)
	}
	return p, life
}

func TestAResetOfAPart(t *testing.T) {
	p, life := withPart(t)
	p.told = nil
	if _, _, err := life.Rebuild(t.Context(), ignore{}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"reset", "images web"}; !slices.Equal(p.told, want) {
		t.Errorf("the part was told %q, want %q", p.told, want)
	}
	if _, err := os.Stat(filepath.Join(life.Env.WorkspaceDir(), "late")); err == nil {
		t.Error("the workspace was restored while the part still wrote to it")
	}
}

// What has ended is for a start to bring back, before anything is taken away.
func TestAResetOfWhatHasEnded(t *testing.T) {
	p, life := withPart(t)
	p.told, p.ended = nil, errors.New("killed")
	_, _, err := life.Rebuild(t.Context(), ignore{})
	if problem := AsProblem(err); problem == nil || !strings.Contains(problem.Message, "killed") || !strings.Contains(problem.Hint, "labctl start --env tiny") {
		t.Errorf("got %v", err)
	}
	if len(p.told) > 0 {
		t.Errorf("the part was told %q", p.told)
	}
}

// The directory that root works in must not be another one by the learner's doing.
func TestThePartsDirectoryIsNoLink(t *testing.T) {
	p, life := withPart(t)
	dir := life.Env.PartDir("")
	info, err := os.Lstat(dir)
	if err != nil || info.Mode() != fs.ModeDir|0o711 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if err := life.upPart(t.Context(), p, ignore{}); err == nil || !strings.Contains(err.Error(), "not labctl's own") {
		t.Errorf("got %v", err)
	}
}
