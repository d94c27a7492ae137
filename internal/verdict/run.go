package verdict

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/lab"
)

// Runner proves labs.
type Runner struct {
	// Labctl is the program, Bin the directory of its helpers, Home the state
	// directory of its environments here, Engine what --engine gets (empty: auto),
	// Docker what --docker gets.
	Labctl, Bin, Home, Engine, Docker string
	Shell                             Shell
	// Started and Done are told of each run as it begins and ends; from one
	// goroutine at a time.
	Started func(name string, run int)
	Done    func(CaseResult)
}

// Options say what to prove, and how.
type Options struct {
	Selection

	// Full runs every check for mutants, too.
	Full bool
	// Repeat runs every case so often, in random order.
	Repeat int
	// Parallel is the number of environments at once.
	Parallel int
	// Keep leaves the environments of cases that came out wrong.
	Keep bool
	// Seed draws the environments' seeds and the order.
	Seed uint64
	// SameSeed takes from the cache only what came out right with this Seed.
	SameSeed bool
	// Cache remembers what came out right; nil does not.
	Cache *Cache
	// Busy keeps every core busy meanwhile, to find what depends on time.
	Busy bool
}

// Run proves one lab: ref is what `labctl start` takes.
func (r *Runner) Run(ctx context.Context, ref string, source *lab.Source, o Options) (Report, error) {
	report := Report{Lab: source.Lab.Name, Engine: r.Engine, Cases: []CaseResult{}, LeftOut: []string{}}
	all, problems := source.Cases(nil)
	if err := problems.Err(); err != nil {
		return report, err
	}
	if len(all) == 0 {
		return report, fmt.Errorf("the lab %s has no verdicts/: nothing proves it", report.Lab)
	}
	chosen, leftOut, err := o.choose(all)
	if err != nil {
		return report, err
	}
	report.LeftOut = append(report.LeftOut, leftOut...)
	if o.Busy {
		defer keepBusy(ctx)()
	}
	report.Cases = append(report.Cases, r.all(ctx, ref, source, jobs(chosen, o.Repeat, o.Seed), o)...)
	for _, c := range report.Cases {
		if report.Engine == "" {
			report.Engine = c.engine
		}
	}
	report.summarise()
	return report, ctx.Err()
}

// all runs the jobs, several at a time. What was cut short by the end of ctx has
// no result.
func (r *Runner) all(ctx context.Context, ref string, source *lab.Source, queue []job, o Options) []CaseResult {
	results, cut := make([]CaseResult, len(queue)), make([]bool, len(queue))
	next := make(chan int)
	var wg sync.WaitGroup
	var telling sync.Mutex
	for range max(o.Parallel, 1) {
		wg.Go(func() {
			for i := range next {
				j := queue[i]
				telling.Lock()
				r.Started(j.Name, j.run)
				telling.Unlock()
				results[i] = r.cached(ctx, ref, source, j, o)
				if cut[i] = ctx.Err() != nil && !results[i].OK; cut[i] {
					continue
				}
				telling.Lock()
				r.Done(results[i])
				telling.Unlock()
			}
		})
	}
	begun := feed(ctx, next, len(queue))
	wg.Wait()
	ended := []CaseResult{}
	for i := range begun {
		if !cut[i] {
			ended = append(ended, results[i])
		}
	}
	return ended
}

// feed sends 0 to n-1, as long as ctx lives, and returns how many it sent.
func feed(ctx context.Context, next chan<- int, n int) int {
	defer close(next)
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			return i
		}
	}
	return n
}

func (r *Runner) cached(ctx context.Context, ref string, source *lab.Source, j job, o Options) CaseResult {
	key := fmt.Sprintf("%s %s full=%v busy=%v %d", source.Lab.Name, j.Name, o.Full, o.Busy, j.run)
	if result, ok := o.Cache.get(key); ok && (!o.SameSeed || result.Seed == j.seed) {
		return result
	}
	result := r.one(ctx, ref, source, j, o)
	if result.OK {
		o.Cache.put(key, result)
	}
	return result
}

// one runs a case on a fresh environment and removes that again.
func (r *Runner) one(ctx context.Context, ref string, source *lab.Source, j job, o Options) CaseResult {
	began := time.Now()
	result := CaseResult{
		Name: j.Name, Kind: j.Kind, Run: j.run, Seed: j.seed, Expected: expected(j.Case), FailedChecks: []FailedCheck{},
	}
	program := labctl{path: r.Labctl, home: r.Home, engine: r.Engine, docker: r.Docker}
	name := environmentName(j)
	wrong, err := r.play(ctx, program, ref, name, source, j, o, &result)
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	result.Got = strings.Join(wrong, "; ")
	result.OK = len(wrong) == 0
	if o.Keep && !result.OK {
		result.Environment = name
	} else if err := program.stop(context.WithoutCancel(ctx), name); err != nil && result.engine != "" {
		result.OK, result.Got = false, strings.TrimPrefix(result.Got+"; "+err.Error(), "; ")
	}
	result.Ms = time.Since(began).Milliseconds()
	return result
}

// environmentName is a name that any case may have, whatever its own name: two
// that begin alike, or have capitals or dots in it.
func environmentName(j job) string {
	return fmt.Sprintf("%s-%d-%d", j.Kind, j.index, j.run)
}

// play starts the environment, does the steps and judges what the checks say.
func (r *Runner) play(
	ctx context.Context, program labctl, ref, name string, source *lab.Source, j job, o Options, result *CaseResult,
) ([]string, error) {
	env, err := program.start(ctx, ref, name, j.seed)
	if err != nil {
		return nil, err
	}
	result.engine = env.Engine
	resolved, problems := source.Resolve(j.seed)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if err := r.work(ctx, source, resolved, env, j); err != nil {
		return nil, err
	}
	report, err := program.check(ctx, name, r.checks(j.Case, o))
	if err != nil {
		return nil, err
	}
	wrong, failed := judge(j.Case, report, o.Full, source.Lab.Unassessable[env.Engine])
	result.FailedChecks = append(result.FailedChecks, failed...)
	return wrong, nil
}

// checks are those to run; none means all.
func (r *Runner) checks(c lab.Case, o Options) []string {
	if c.Kind == lab.Mutant && !o.Full {
		return named(c)
	}
	return nil
}

// work does the steps: for a mutant, those of its base first.
func (r *Runner) work(ctx context.Context, source *lab.Source, resolved *lab.Resolved, env started, j job) (err error) {
	scratch, err := os.MkdirTemp(r.Home, "case-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	cases, problems := source.Cases(&resolved.Values)
	if err := problems.Err(); err != nil {
		return err
	}
	l := &learner{
		source: source, values: resolved.Values, env: env, bin: r.Bin, shell: r.Shell,
		scratch: scratch, out: &strings.Builder{},
	}
	for _, name := range []string{j.Base, j.Name} {
		for _, c := range cases {
			if c.Name == name {
				if err := l.do(ctx, path.Join("verdicts", name), c.Steps); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
