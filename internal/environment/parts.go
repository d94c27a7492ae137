package environment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"labctl.dev/labctl/internal/component"
)

// partSteps brings the components to life, one step each.
func (l *Lifecycle) partSteps() []step {
	steps := make([]step, len(l.Components))
	for i, c := range l.Components {
		steps[i] = step{c.Name(), CodeEngine, func(l *Lifecycle, ctx context.Context, o Observer) error { return l.upPart(ctx, c, o) }}
	}
	return steps
}

func (l *Lifecycle) upPart(ctx context.Context, c component.Component, o Observer) error {
	// Parts show it to what runs in them, so it has to be there first.
	if err := l.Env.Home.Make(l.Env.WorkspaceDir()); err != nil {
		return err
	}
	if err := l.Env.makePartsDir(); err != nil {
		return err
	}
	part, err := c.Up(ctx, l.Env.Part(c.Name(), l.Bin), l.Env.Ledger(), o.Progress)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts = append(l.parts, part)
	return nil
}

// makePartsDir makes the directory of the parts, which stays with the one who
// makes it: root works in there, and would follow links of the learner's.
func (e *Environment) makePartsDir() error {
	root, err := os.OpenRoot(e.Dir())
	if err != nil {
		return e.Home.unusable(err)
	}
	defer func() { _ = root.Close() }()
	name := filepath.Base(e.PartDir(""))
	err = root.Mkdir(name, 0o711)
	if err == nil {
		err = root.Chmod(name, 0o711) // whatever the umask
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return e.Home.unusable(err)
	}
	info, err := root.Lstat(name)
	if err != nil {
		return e.Home.unusable(err)
	}
	if uid, known := ownerOf(info); !info.IsDir() || known && uid != os.Geteuid() {
		return problem(CodeState, "Run `labctl stop --env "+e.Name+"`, which keeps your workspace files, and start the lab anew.", nil,
			"%s is not labctl's own directory", e.PartDir(""))
	}
	return nil
}

// Parts are the running components. They may be asked for at any time.
func (l *Lifecycle) Parts() []component.Running {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.parts)
}

// eachPart does something with every running component.
func (l *Lifecycle) eachPart(do func(component.Running) error) error {
	for _, part := range l.Parts() {
		if err := do(part); err != nil {
			return err
		}
	}
	return nil
}

// closeParts ends the components, the last one first, and keeps their data.
func (l *Lifecycle) closeParts(ctx context.Context) error {
	var all []error
	for _, part := range slices.Backward(l.Parts()) {
		all = append(all, part.Close(ctx))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts = nil
	return errors.Join(all...)
}

// removeParts removes what components made for the environment.
func (e *Environment) removeParts(ctx context.Context, all []component.Component, bin string) error {
	if len(e.Components) == 0 {
		return nil
	}
	for _, c := range all {
		if !slices.Contains(e.Components, c.Name()) {
			continue
		}
		if err := e.mayRemove(e.PartDir(c.Name())); err != nil {
			return err
		}
		if err := c.Down(ctx, e.Part(c.Name(), bin)); err != nil {
			return fmt.Errorf("remove %s: %w", c.Name(), err)
		}
	}
	return nil
}
