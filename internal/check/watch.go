package check

import (
	"context"
	"reflect"
	"time"
)

const (
	// debounce gathers changes that belong together.
	debounce = 80 * time.Millisecond
	// restless is how often checks that did not pass are looked at without a
	// change: time alone may turn pending into fail.
	restless = time.Second
	// unseen is how often checks of behaviour are looked at without a change:
	// what programs do need not show in the cluster.
	unseen = 5 * time.Second
)

// Watch checks all that can be checked without disturbing anything, and again
// whenever the cluster changes, until ctx ends. It reports at first and then
// each time a result is another. Exclusive checks are not run; they are Pending
// with the code RunCheck. While a Run disturbs the environment, it waits.
func (r *Runner) Watch(ctx context.Context, o Options, report func(Report)) error {
	chosen, err := r.plan.choose(o.Only)
	if err != nil {
		return err
	}
	o.OnResult = nil
	w := &watcher{
		Runner: r, options: o, chosen: chosen, tell: report,
		known: map[*node]judged{}, shown: map[*node]Result{},
	}
	changes := w.follow(ctx)
	dirty := newKinds(everything)
	tick := time.NewTicker(restless / 2)
	defer tick.Stop()
	for {
		w.pass(ctx, dirty)
		dirty = newKinds()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		case kind := <-changes:
			dirty.add(kind)
			w.gather(ctx, changes, dirty)
		}
	}
}

// watcher is one Watch.
type watcher struct {
	*Runner

	options Options
	chosen  selection
	tell    func(Report)
	known   map[*node]judged
	shown   map[*node]Result // what is in the last report
	last    Report
	missed  kinds // changes that came while looking was not possible
}

// judged is the last result of a check, and when it was found.
type judged struct {
	result Result
	at     time.Time
}

// gather collects the changes that come in quick succession.
func (w *watcher) gather(ctx context.Context, changes <-chan string, dirty kinds) {
	timer := time.NewTimer(debounce)
	defer timer.Stop()
	for {
		select {
		case kind := <-changes:
			dirty.add(kind)
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// pass judges what the changes may have changed. It reports each result that is
// another than before at once, but for the first time, when there is no report
// yet in which the others stand.
func (w *watcher) pass(ctx context.Context, dirty kinds) {
	dirty.join(w.missed)
	release, ok := w.glimpse()
	if !ok {
		w.missed = dirty
		return
	}
	defer release()
	w.missed = nil
	s := w.schedule(w.chosen, w.options)
	kept := map[*node]Result{} // read by many goroutines while known is written
	for _, n := range s.nodes {
		if !w.stale(n, dirty) {
			kept[n] = w.known[n].result
		}
	}
	s.judge = func(ctx context.Context, n *node) Result {
		if result, ok := kept[n]; ok {
			return result
		}
		return w.Runner.judge(ctx, n, w.options, true)
	}
	s.skip = func(n *node) (Result, bool) {
		result, skipped := w.Runner.skip(n, s.results)
		if !skipped && n.exclusive() {
			result, skipped = n.result(Pending, CodeRunCheck), true
			result.Message = "Run `labctl check " + n.task.ID + "`: it has to disturb the lab to find out."
		}
		return result, skipped
	}
	s.done = func(n *node, result Result) {
		if _, ok := kept[n]; !ok && !n.exclusive() {
			w.known[n] = judged{result: result, at: time.Now()}
		}
		w.shown[n] = result
		w.show(ctx, len(s.nodes))
	}
	s.run(ctx)
	w.inside.Leave(ctx) // the learner works on, with these networks, too
}

// show reports, once there is a result of all checks and when one is new.
func (w *watcher) show(ctx context.Context, all int) {
	if ctx.Err() != nil || len(w.shown) < all {
		return
	}
	before := w.last
	w.last = w.report(w.chosen, w.shown)
	if !reflect.DeepEqual(timeless(before), timeless(w.last)) {
		w.tell(w.last)
	}
}

// stale tells whether a check has to be judged anew.
func (w *watcher) stale(n *node, dirty kinds) bool {
	last, known := w.known[n]
	age := time.Since(last.at)
	if !known || last.result.Verdict == Blocked || dirty.touch(n) {
		return true
	}
	return last.result.Verdict != Pass && age > restless || behaves(n) && age > unseen
}

// timeless is a report without what differs each time.
func timeless(r Report) Report {
	tasks := make([]TaskResult, len(r.Tasks))
	for i, t := range r.Tasks {
		tasks[i] = t
		tasks[i].Checks = make([]Result, len(t.Checks))
		for j, c := range t.Checks {
			c.Ms, c.WaitedMs, c.Trace = 0, 0, nil
			tasks[i].Checks[j] = c
		}
	}
	r.Tasks = tasks
	return r
}
