package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"labctl.dev/labctl/internal/check/load"
	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/stimulus"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/ledger"
)

// scenario is one run of one check.
type scenario struct {
	*Runner

	node  *node
	begun time.Time
	trace *trace
	// glance judges by what is to be seen now, without waiting for more.
	glance bool

	probes   *probe.Env
	stimuli  *stimulus.Env
	recorded map[string]any
	loads    map[string]*load.Load
	undone   []pending // what is to be undone, the oldest first
	// stimulated is when the last stimulus had taken effect; disturbed says
	// that one was of a kind whose effect the cluster's state need not show.
	stimulated time.Time
	disturbed  bool
	// waited is the time spent on the cluster and on patience, not on looking.
	waited time.Duration
}

// waitFor runs what only waits for the cluster, and keeps the time.
func (s *scenario) waitFor(wait func() error) error {
	begun := time.Now()
	defer func() { s.waited += time.Since(begun) }()
	return wait()
}

// pending is a stimulus that has to be undone.
type pending struct {
	name   string
	token  ledger.Token
	record undo.Record
}

func (r *Runner) newScenario(n *node, glance bool) *scenario {
	s := &scenario{
		Runner: r, node: n, begun: time.Now(), glance: glance,
		recorded: map[string]any{}, loads: map[string]*load.Load{},
	}
	s.trace = &trace{begun: s.begun}
	namespace := r.Lab.Values.Namespace
	s.probes = &probe.Env{
		Client: r.Client, Docker: r.Docker, Namespace: namespace, Prober: r.prober, Inside: r.inside, Searches: r.searches,
		Load:   func(name string) *load.Load { return s.loads[name] },
		Script: s.script, Input: s.input,
	}
	s.stimuli = &stimulus.Env{
		Client: r.Client, Docker: r.Docker, Namespace: namespace, Prober: r.prober, Read: r.read,
		Loaded: func(name string, l *load.Load) { s.loads[name] = l }, Workspace: r.Workspace, Compose: r.compose,
	}
	return s
}

// read reads a file of the lab, with its references filled in.
func (r *Runner) read(file string) ([]byte, error) {
	data, err := r.Lab.Source.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read the lab's file %s: %w", file, err)
	}
	text, err := lab.Expand(string(data), r.Lab.Values)
	return []byte(text), err
}

func (s *scenario) vars(self any) expr.Vars {
	v := s.Lab.Values.Vars()
	v.Self, v.Recorded = self, s.recorded
	return v
}

// play runs the check up to its finding. What it did is undone by end.
func (s *scenario) play(ctx context.Context) finding {
	if err := s.calm(ctx); err != nil {
		return s.fault(ctx, CodeProbeFailed, err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.node.check.Record)) {
		o, err := probe.Record(ctx, s.probes, s.node.check.Record[name])
		if err != nil {
			return s.fault(ctx, CodeProbeFailed, fmt.Errorf("record %s: %w", name, err))
		}
		s.trace.add("record "+name, o.Summary)
		s.recorded[name] = o.Self
	}
	for _, st := range slices.Concat(s.node.check.While, s.node.check.When) {
		if err := s.do(ctx, st); err != nil {
			return s.prevented(ctx, st, err)
		}
	}
	for _, x := range s.node.expects {
		if f := s.await(ctx, x); f.verdict != Pass {
			return f
		}
	}
	return s.lastWord(ctx)
}

// lastWord judges the loads once more when they have ended: requests that were
// under way when all else had passed may still have failed.
func (s *scenario) lastWord(ctx context.Context) finding {
	for _, x := range s.node.expects {
		if x.spec.Load == nil {
			continue
		}
		running := s.loads[x.spec.Load.Of]
		p, err := probe.Of(s.probes, x.spec)
		if err == nil && running != nil {
			err = s.waitFor(func() error { return running.Stop(ctx) })
		}
		if err != nil {
			return s.fault(ctx, CodeProbeFailed, err)
		}
		w := &wait{scenario: s, x: x, dipped: true} // it held: there is no more patience
		l := newSource(ctx, p).now(ctx)
		s.trace.look(x.name+", at its end", l)
		if _, f := w.judge(ctx, l); f != nil && f.verdict != Pass {
			return *f
		}
	}
	return passed()
}

// calmTime is how long a check waits for what goes on already to end, before it
// records or disturbs anything.
const calmTime = 15 * time.Second

// calm waits until nothing in the namespace is on its way: neither a record of
// pods that are about to end nor a stimulus amid a rollout tells anything.
func (s *scenario) calm(ctx context.Context) error {
	c := s.node.check
	if s.glance || s.Client == nil && s.Docker == nil || len(c.Record)+len(c.While)+len(c.When) == 0 {
		return nil
	}
	about := probe.About{Namespace: s.Lab.Values.Namespace, Subject: progress.Subject{Kind: "Pod", Found: true}}
	if s.Client == nil {
		about.Kind = progress.Docker
	}
	for time.Since(s.begun) < calmTime {
		state, err := s.progress(ctx, about)
		if err != nil || !state.Moving {
			return err
		}
		s.waited += recheck
		if !sleep(ctx, recheck) {
			return context.Cause(ctx)
		}
	}
	return nil
}
