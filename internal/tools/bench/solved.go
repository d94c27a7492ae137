package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/labs"
)

// solved measures a check of the whole lab, solved by files that only have to
// be applied, how long that waits for the cluster, and what it takes beyond.
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
	var whole, waits, beyond []time.Duration
	for range b.runs {
		var graded check.Report
		d, err := b.timed(ctx, &graded, "check", "--env", env.Environment, "-o", "json")
		if err != nil {
			return err // also when something did not pass
		}
		waited := along(source.Lab, func(key string) time.Duration { return waitOf(graded, key) })
		whole, waits, beyond = append(whole, d), append(waits, waited), append(beyond, d-waited)
	}
	hold := along(source.Lab, func(key string) time.Duration { return holdOf(source.Lab, key) })
	report("check of the whole solved lab", whole, "")
	report(fmt.Sprintf("  waits for the cluster, %s of it because it has to stay so", hold), waits, "")
	report("  beyond what it waits for", beyond, "1 s")
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

// along adds up what checks take that run alone, one after the other, and the
// longest of those that run beside each other.
func along(l *lab.Lab, take func(key string) time.Duration) time.Duration {
	var alone, longest time.Duration
	for _, task := range l.Tasks {
		for _, c := range task.Checks {
			took := take(task.ID + "/" + c.ID)
			if c.Isolation == lab.Exclusive {
				alone += took
			} else {
				longest = max(longest, took)
			}
		}
	}
	return alone + longest
}

// waitOf is how long a check waited.
func waitOf(graded check.Report, key string) time.Duration {
	for _, task := range graded.Tasks {
		for _, c := range task.Checks {
			if task.ID+"/"+c.ID == key {
				return time.Duration(c.WaitedMs) * time.Millisecond
			}
		}
	}
	return 0
}

// holdOf is how long the lab has something stay as it is, for a check to pass.
func holdOf(l *lab.Lab, key string) (hold time.Duration) {
	for _, task := range l.Tasks {
		for _, c := range task.Checks {
			if task.ID+"/"+c.ID != key {
				continue
			}
			for _, e := range c.Expect {
				hold += e.For.Std()
			}
			for _, s := range c.When {
				if s.Load != nil {
					hold += s.Load.Duration.Std()
				}
			}
		}
	}
	return hold
}
