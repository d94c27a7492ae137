package check

import (
	"context"
	"errors"
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
		Client: r.Client, Namespace: namespace, Prober: r.prober,
		Load:   func(name string) *load.Load { return s.loads[name] },
		Script: s.script, Input: s.input,
	}
	s.stimuli = &stimulus.Env{
		Client: r.Client, Namespace: namespace, Prober: r.prober, Read: r.read,
		Loaded: func(name string, l *load.Load) { s.loads[name] = l },
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
	return passed()
}

// calmTime is how long a check waits for what goes on already to end, before it
// records or disturbs anything.
const calmTime = 15 * time.Second

// calm waits until nothing in the namespace is on its way: neither a record of
// pods that are about to end nor a stimulus amid a rollout tells anything.
func (s *scenario) calm(ctx context.Context) error {
	c := s.node.check
	if s.glance || s.Client == nil || len(c.Record)+len(c.While)+len(c.When) == 0 {
		return nil
	}
	about := probe.About{Namespace: s.Lab.Values.Namespace, Subject: progress.Subject{Kind: "Pod", Found: true}}
	for time.Since(s.begun) < calmTime {
		state, err := s.progress(ctx, about)
		if err != nil || !state.Moving {
			return err
		}
		if !sleep(ctx, recheck) {
			return context.Cause(ctx)
		}
	}
	return nil
}

// do does a stimulus, in the ledger first.
func (s *scenario) do(ctx context.Context, spec lab.Stimulus) error {
	name := stimulus.Name(spec)
	st, err := stimulus.Of(s.stimuli, spec)
	if err != nil {
		return err
	}
	record, err := st.Plan(ctx)
	if err != nil {
		return err
	}
	if !record.Empty() {
		if err := s.remember(name, record); err != nil {
			return err
		}
	}
	s.trace.add("stimulus "+name, "begins")
	err = st.Do(ctx)
	s.trace.add("stimulus "+name, outcomeOf(err))
	s.stimulated = time.Now()
	s.disturbed = s.disturbed || spec.Exec != nil || spec.Apply != nil
	return err
}

func outcomeOf(err error) string {
	if err != nil {
		return err.Error()
	}
	return "done"
}

// remember writes down how to undo a stimulus before it is done.
func (s *scenario) remember(name string, record undo.Record) error {
	data, err := record.JSON()
	if err != nil {
		return err
	}
	token, err := s.Ledger.Begin(ledger.Entry{Kind: ledger.KindStimulus, Name: s.node.key + ": " + name, Undo: data})
	if err != nil {
		return err
	}
	s.undone = append(s.undone, pending{name: name, token: token, record: record})
	return nil
}

// prevented is the finding when a stimulus was not possible.
func (s *scenario) prevented(ctx context.Context, spec lab.Stimulus, err error) finding {
	var f *stimulus.Failure
	if !errors.As(err, &f) {
		return s.fault(ctx, CodeStimulusFailed, fmt.Errorf("%s: %w", stimulus.Name(spec), err))
	}
	verdict := Fail
	if f.Moving {
		verdict = Pending
	}
	return finding{verdict: verdict, code: f.Code, message: sentence(f.Message), about: f.About}
}

// fault is the finding of an error that is not the learner's.
func (s *scenario) fault(ctx context.Context, code string, err error) finding {
	if ctx.Err() != nil {
		return broken(CodeCancelled, "The run was interrupted.")
	}
	return broken(code, "%s", sentence(err.Error()))
}

// end stops the loads and undoes the stimuli, the last first, also after ctx
// has ended.
func (s *scenario) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(s.loads)) {
		if err := s.loads[name].Stop(ctx); err != nil {
			s.Log.Debug("a load ended badly", "load", name, "error", err)
		}
	}
	var errs []error
	for _, p := range slices.Backward(s.undone) {
		err := undo.Run(ctx, s.Client, p.record)
		if err == nil {
			err = s.Ledger.End(p.token)
		}
		s.trace.add("undo "+p.name, outcomeOf(err))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
