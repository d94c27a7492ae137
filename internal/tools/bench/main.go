// Bench measures what labctl promises to be fast and small at, on an idle
// machine, with the real program: starts, resets, checks, stops and memory.
//
//	make bench
//	go run ./internal/tools/bench -runs 5 -environments 1,5,10
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	runs := flag.Int("runs", 5, "how often each figure is taken")
	counts := flag.String("environments", "1,5,10", "how many environments at once, for the growth in time and memory")
	lab := flag.String("lab", "kubernetes-101", "the lab")
	engine := flag.String("engine", "embedded", "the engine; kind needs Docker (internal/tools/withdocker.sh brings one)")
	only := flag.String("only", "", "only this measure, of list, lifecycle, solved, docker, idle and resume, or with kind of beyond, beside and resume")
	flag.Parse()

	b, err := newBench(*lab, *engine, *runs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close(context.WithoutCancel(ctx))) }()
	fmt.Printf("%d cores, %s, engine %s, %d runs; medians, and the range in brackets\n\n", runtime.NumCPU(), b.version(ctx), *engine, *runs)
	for _, m := range b.measures() {
		if *only != "" && m.name != *only {
			continue
		}
		if err := m.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if *only != "" {
		return nil
	}
	for _, n := range strings.Split(*counts, ",") {
		count, err := strconv.Atoi(n)
		if err != nil {
			return fmt.Errorf("-environments: %w", err)
		}
		if err := b.growth(ctx, count); err != nil {
			return err
		}
	}
	return nil
}

// measure is something to measure.
type measure struct {
	name string
	take func(context.Context) error
}

func (b *bench) measures() []measure {
	if b.engine == kindEngine {
		return []measure{{"beyond", b.overKind}, {"beside", b.beside}, {"resume", b.resume}}
	}
	figured := func(take func(context.Context, *figures) error) func(context.Context) error {
		return func(ctx context.Context) error { return take(ctx, new(figures)) }
	}
	return []measure{
		{"list", b.list}, {"lifecycle", figured(b.lifecycle)}, {"solved", b.solved}, {"docker", b.docker}, {"idle", figured(b.idle)}, {"resume", b.resume},
	}
}
