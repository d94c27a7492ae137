package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"labctl.dev/labctl/internal/check/stimulus"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/lab"
	"labctl.dev/labctl/internal/ledger"
)

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
	if d := spec.Docker; d != nil && d.Run != nil && d.Run.Network == "" && s.asks(d.Run.Name) {
		s.inside.Prepare(ctx) // beside the container that will be asked
	}
	err = s.waitFor(func() error { return st.Do(ctx) })
	s.trace.add("stimulus "+name, outcomeOf(err))
	s.stimulated = time.Now()
	s.disturbed = s.disturbed || spec.Exec != nil || spec.Apply != nil || spec.Docker != nil
	return err
}

// asks tells whether the check sends requests to a container.
func (s *scenario) asks(container string) bool {
	return slices.ContainsFunc(s.node.expects, func(x *expectation) bool { return x.spec.HTTP != nil && x.spec.HTTP.Container == container })
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
	return finding{verdict: verdict, code: f.Code, message: sentence(f.Message), about: f.About, refusal: f.Refusal}
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
		if err := s.waitFor(func() error { return s.loads[name].Stop(ctx) }); err != nil {
			s.Log.Debug("a load ended badly", "load", name, "error", err)
		}
	}
	if len(s.undone) > 0 {
		s.inside.Leave(ctx) // a network with a helper in it could not be removed
	}
	var errs []error
	for _, p := range slices.Backward(s.undone) {
		s.trace.add("undo "+p.name, "begins")
		err := s.waitFor(func() error { return undo.Run(ctx, s.world(), p.record) })
		if err == nil {
			err = s.Ledger.End(p.token)
		}
		s.trace.add("undo "+p.name, outcomeOf(err))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
