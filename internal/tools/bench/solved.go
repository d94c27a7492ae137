package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/labs"
)

// solved measures a check of the whole lab, solved by files that only have to
// be applied, and what it takes beyond the times that the lab's checks hold for.
func (b *bench) solved(ctx context.Context) error {
	env, _, err := b.start(ctx, "bench")
	if err != nil {
		return err
	}
	source, err := lab.Catalogue{FS: labs.FS()}.Load(b.lab)
	if err != nil {
		return err
	}
	if err := b.solveAll(ctx, env, source); err != nil {
		return err
	}
	hold := dwell(source.Lab)
	var whole, beyond []time.Duration
	for range b.runs {
		d, err := b.timed(ctx, nil, "check", "--env", env.Environment, "-o", "json")
		if err != nil {
			return err // also when something did not pass
		}
		whole, beyond = append(whole, d), append(beyond, d-hold)
	}
	report("check of the whole solved lab", whole, "")
	report(fmt.Sprintf("  beyond the %s that its checks hold for", hold), beyond, "")
	return b.do(ctx, nil, "stop", "--env", env.Environment, "--discard", "-o", "json")
}

// solveAll applies the solution "yaml" with the values that the environment has
// drawn, and waits for its rollouts.
func (b *bench) solveAll(ctx context.Context, env environment, source *lab.Source) error {
	resolved, problems := source.Resolve(seed)
	if err := problems.Err(); err != nil {
		return err
	}
	files, err := fs.Glob(source.FS, "verdicts/yaml/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "verdict.yaml" {
			continue // says what the others are for
		}
		data, err := source.Read(file)
		if err != nil {
			return err
		}
		text, err := lab.Expand(string(data), resolved.Values)
		path := filepath.Join(b.home, name)
		if err := errors.Join(err, os.WriteFile(path, []byte(text), 0o644)); err != nil {
			return err
		}
		if err := b.do(ctx, nil, "kubectl", "--env", env.Environment, "apply", "-f", path); err != nil {
			return err
		}
	}
	for _, name := range []string{"web", "orders"} {
		if err := b.do(ctx, nil, "kubectl", "--env", env.Environment, "rollout", "status", "deployment/"+name, "--timeout=90s"); err != nil {
			return err
		}
	}
	return nil
}

// dwell is how long the checks of a lab that passes take by what it says: those
// that run alone one after the other, and the longest of those that do not.
func dwell(l *lab.Lab) time.Duration {
	var alone, longest time.Duration
	for _, task := range l.Tasks {
		for _, c := range task.Checks {
			var hold time.Duration
			for _, e := range c.Expect {
				hold += e.For.Std()
			}
			for _, s := range c.When {
				if s.Load != nil {
					hold += s.Load.Duration.Std()
				}
			}
			if c.Isolation == lab.Exclusive {
				alone += hold
			} else {
				longest = max(longest, hold)
			}
		}
	}
	return alone + longest
}
