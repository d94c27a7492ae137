package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"labctl.dev/labctl/internal/check"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/proc"
	"labctl.dev/labctl/labs"
)

// dockerLab is the lab of Docker's that is measured, and the case that solves it by a
// script alone.
const (
	dockerLab      = "docker-101"
	dockerSolution = "verdicts/commands"
)

// docker measures a lab without a cluster on a Docker Engine of labctl's own: start,
// the check of the whole solved lab, and what that takes beyond what it waits for,
// reset and stop.
func (b *bench) docker(ctx context.Context) error {
	source, err := lab.Catalogue{FS: labs.FS()}.Load(dockerLab)
	if err != nil {
		return err
	}
	var start, whole, waits, beyond, reset, stop []time.Duration
	for range b.runs {
		var env environment
		d, err := b.timed(ctx, &env, "start", dockerLab, "--env", "docker", "--seed", strconv.Itoa(seed), "-o", "json")
		if err == nil {
			start = append(start, d)
			err = b.solveDocker(ctx, env, source)
		}
		var graded check.Report
		if err == nil {
			d, err = b.timed(ctx, &graded, "check", "--env", "docker", "-o", "json") // an error also when something did not pass
		}
		if err != nil {
			return err
		}
		waited := along(source.Lab, func(key string) time.Duration { return waitOf(graded, key) })
		whole, waits, beyond = append(whole, d), append(waits, waited), append(beyond, d-waited)
		if d, err = b.timed(ctx, nil, "reset", "--env", "docker", "-o", "json"); err != nil {
			return err
		}
		reset = append(reset, d)
		if d, err = b.timed(ctx, nil, "stop", "--env", "docker", "--discard", "-o", "json"); err != nil {
			return err
		}
		stop = append(stop, d)
	}
	report(dockerLab+": start to ready, with a Docker Engine of its own", start, "4 s")
	report(dockerLab+": check of the whole solved lab, without its build", whole, "")
	report("  waits for containers", waits, "")
	report("  beyond what it waits for", beyond, "1 s")
	report(dockerLab+": reset", reset, "")
	report(dockerLab+": stop", stop, "1 s")
	return nil
}

// solveDocker does what the solution's script does, in the learner's shell.
func (b *bench) solveDocker(ctx context.Context, env environment, source *lab.Source) error {
	resolved, problems := source.Resolve(seed)
	if err := problems.Err(); err != nil {
		return err
	}
	for _, name := range []string{"Dockerfile", "again.sh", "solve.sh"} {
		data, err := source.Read(dockerSolution + "/" + name)
		if err != nil {
			return err
		}
		text, err := lab.Expand(string(data), resolved.Values)
		if err = errors.Join(err, os.WriteFile(filepath.Join(env.Workspace, name), []byte(text), 0o644)); err != nil {
			return err
		}
	}
	var out strings.Builder
	err := proc.Command{
		Path: b.labctl, Args: []string{"shell", "--env", env.Environment}, Stdin: strings.NewReader(". ./solve.sh\n"),
		Env: append(append(os.Environ(), "LABCTL_HOME="+b.home), resolved.Values.Env()...), Stdout: &out, Stderr: &out,
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("solve %s: %w\n%s", dockerLab, err, out.String())
	}
	return nil
}
