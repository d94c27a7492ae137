package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// list measures the catalogue, which must not grow slow with what labctl links.
func (b *bench) list(ctx context.Context) error {
	var took []time.Duration
	for range 4 * b.runs {
		d, err := b.timed(ctx, nil, "list", "-o", "json")
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	report("list", took, "50 ms")
	return nil
}

// first measures the start that loads the node image into Docker.
func (b *bench) first(ctx context.Context) error {
	_, d, err := b.start(ctx, "bench")
	if err != nil {
		return err
	}
	report("the first start ever, which loads the node image", []time.Duration{d}, "")
	return b.do(ctx, nil, "stop", "--env", "bench", "--discard", "-o", "json")
}

// figures are what engines are compared by.
type figures struct {
	start, reset time.Duration
	memory       float64 // in MB
}

// lifecycle measures start, check, reset and stop, one environment at a time.
func (b *bench) lifecycle(ctx context.Context, f *figures) error {
	var start, reset, check, stop []time.Duration
	var parts steps
	for range b.runs {
		env, d, err := b.start(ctx, "bench")
		if err != nil {
			return err
		}
		start = append(start, d)
		parts.add(env)
		for _, m := range []struct {
			into *[]time.Duration
			args []string
		}{
			{&check, []string{"check", "rollback", "--env", "bench", "-o", "json"}},
			{&reset, []string{"reset", "--env", "bench", "-o", "json"}},
			{&stop, []string{"stop", "--env", "bench", "--discard", "-o", "json"}},
		} {
			if m.args[0] == "check" {
				if err := b.solve(ctx, env); err != nil {
					return err
				}
			}
			d, err := b.timed(ctx, nil, m.args...)
			if err != nil {
				return err
			}
			*m.into = append(*m.into, d)
		}
	}
	report("start to ready, and exec, DNS and a Service answer in three pods", start, "5 s")
	parts.report()
	report("check of the solved task rollback, which holds for 1 s", check, "2 s")
	report("reset", reset, "3 s")
	report("stop", stop, "1 s")
	f.start, f.reset = median(start), median(reset) // report has sorted them
	fmt.Printf("%-68s %5.1f times\n", "reset against stop and start anew", ratio(append(stop, start...), reset))
	return nil
}

// steps are the times that the steps of some starts took, by their names.
type steps struct {
	order []string
	took  map[string][]time.Duration
}

func (s *steps) add(env environment) {
	if s.took == nil {
		s.took = map[string][]time.Duration{}
	}
	for _, step := range env.Steps {
		if s.took[step.Name] == nil {
			s.order = append(s.order, step.Name)
		}
		s.took[step.Name] = append(s.took[step.Name], time.Duration(step.Ms)*time.Millisecond)
	}
}

func (s *steps) report() {
	for _, name := range s.order {
		report("  step "+name, s.took[name], "")
	}
}

// solve does the one task that a single command solves.
func (b *bench) solve(ctx context.Context, env environment) error {
	return errors.Join(
		b.do(ctx, nil, "kubectl", "--env", env.Environment, "rollout", "undo", "deployment/orders"),
		b.do(ctx, nil, "kubectl", "--env", env.Environment, "rollout", "status", "deployment/orders", "--timeout=60s"),
	)
}

// resume measures what a prepared data directory gains: the environment was
// stopped and kept.
func (b *bench) resume(ctx context.Context) error {
	if _, _, err := b.start(ctx, "bench"); err != nil {
		return err
	}
	var took []time.Duration
	for range b.runs {
		if err := b.do(ctx, nil, "stop", "--env", "bench", "--keep", "-o", "json"); err != nil {
			return err
		}
		_, d, err := b.start(ctx, "bench")
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	report("start on a prepared data directory (stopped with --keep)", took, "")
	return b.do(ctx, nil, "stop", "--env", "bench", "--discard", "-o", "json")
}

// growth measures n environments started at once.
func (b *bench) growth(ctx context.Context, n int) error {
	began := time.Now()
	took := make([]time.Duration, n)
	var g errgroup.Group
	for i := range n {
		g.Go(func() (err error) {
			_, took[i], err = b.start(ctx, fmt.Sprintf("bench-%d", i))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	all := time.Since(began)
	memory, err := b.memory(ctx, 20*time.Second)
	if err != nil {
		return err
	}
	fmt.Printf("%2d environments at once: all ready after %5.1f s (%4.1f s each), %5.0f MB in all (%4.0f MB each)\n",
		n, all.Seconds(), all.Seconds()/float64(n), memory, memory/float64(n))
	for i := range n {
		if err := b.do(ctx, nil, "stop", "--env", fmt.Sprintf("bench-%d", i), "--discard", "-o", "json"); err != nil {
			return err
		}
	}
	return nil
}

func report(what string, took []time.Duration, aim string) {
	slices.Sort(took)
	if aim != "" {
		aim = ", aim " + aim
	}
	fmt.Printf("%-68s %7.3f s  (%.3f to %.3f)%s\n", what, median(took).Seconds(), took[0].Seconds(), took[len(took)-1].Seconds(), aim)
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// ratio compares the sum of two kinds of measure with another.
func ratio(stopAndStart, reset []time.Duration) float64 {
	var a, b time.Duration
	for _, d := range stopAndStart {
		a += d
	}
	for _, d := range reset {
		b += d
	}
	return a.Seconds() / b.Seconds()
}
