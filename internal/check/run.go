package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/engine"
)

// Run checks the work. It first takes back what an earlier run that was killed
// left behind. The error is about the call: an *UnknownError, the end of ctx (the
// report then holds what was done by then), or that there is no getting at the
// environment; all that goes wrong with a check is in its result.
func (r *Runner) Run(ctx context.Context, o Options) (Report, error) {
	chosen, err := r.plan.choose(o.Only)
	if err != nil {
		return Report{}, err
	}
	release, err := r.acquire(ctx, o.OnWait)
	if err != nil {
		return Report{}, err
	}
	defer release()
	if down := r.reach(ctx); down != nil {
		return r.unreachable(chosen, o, down), context.Cause(ctx)
	}
	if r.Ledger != nil {
		if err := UndoPending(ctx, r.world(), r.Ledger); err != nil {
			return Report{}, fmt.Errorf("%w; `labctl reset` restores the lab's starting state", err)
		}
	}
	watched, done := context.WithCancel(ctx)
	defer done()
	s := r.schedule(chosen, o)
	weigh, judge := r.vigil(watched), s.judge
	s.judge = func(ctx context.Context, n *node) Result { return weigh(judge(ctx, n)) }
	results := s.run(ctx)
	return r.report(chosen, results), context.Cause(ctx)
}

func (r *Runner) world() World {
	return World{Client: r.Client, Docker: r.Docker, Workspace: r.Workspace}
}

func (r *Runner) schedule(chosen selection, o Options) *schedule {
	s := &schedule{
		nodes: slices.DeleteFunc(slices.Clone(r.plan.nodes), func(n *node) bool { return !chosen.run[n] }),
		judge: func(ctx context.Context, n *node) Result { return r.judge(ctx, n, o, false) },
		done: func(n *node, result Result) {
			if o.OnResult != nil && chosen.report[n] {
				o.OnResult(n.task.ID, result)
			}
		},
	}
	s.skip = func(n *node) (Result, bool) { return r.skip(n, s.results) }
	return s
}

// skip tells the checks that need not or cannot run.
func (r *Runner) skip(n *node, results map[*node]Result) (Result, bool) {
	wanted := make([]engine.Capability, len(n.check.Capabilities))
	for i, c := range n.check.Capabilities {
		wanted[i] = engine.Capability(c)
	}
	has := engine.Capabilities{Has: r.Capabilities}
	if lacking := has.Lacking(wanted); len(lacking) > 0 {
		names := make([]string, len(lacking))
		for i, l := range lacking {
			names[i] = string(l)
		}
		result := n.result(Unassessable, CodeCapabilityMissing)
		result.Message = fmt.Sprintf("The engine %s lacks %s, so this cannot be judged here.", r.Engine, strings.Join(names, ", "))
		return result, true
	}
	for _, need := range n.needs {
		// What cannot be judged here cannot stand in anybody's way either.
		if v := results[need].Verdict; v != Pass && v != Unassessable {
			result := n.result(Blocked, CodeNeedsNotPassed)
			result.Message = fmt.Sprintf("It needs %q (%s) to pass first.", need.check.Title, need.key)
			return result, true
		}
	}
	return Result{}, false
}

// reach tells whether the cluster and Docker answer, as far as there are any.
func (r *Runner) reach(ctx context.Context) error {
	if r.Docker != nil {
		if err := r.answers(ctx, r.Docker.Ping); err != nil {
			return fmt.Errorf("the Docker Engine does not answer: %w", err)
		}
	}
	if r.Client == nil {
		return nil
	}
	err := r.answers(ctx, func(ctx context.Context) error {
		_, err := r.Client.Typed.CoreV1().Namespaces().Get(ctx, r.Lab.Values.Namespace, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("the cluster does not answer: %w", err)
	}
	return nil
}

// answers asks for a while: what was asked may just be restarting.
func (*Runner) answers(ctx context.Context, ask func(context.Context) error) error {
	deadline := time.Now().Add(transientTime)
	for {
		look, cancel := context.WithTimeout(ctx, transientTime)
		err := ask(look)
		cancel()
		if err == nil {
			return nil
		}
		if !time.Now().Before(deadline) || !sleep(ctx, 200*time.Millisecond) {
			return err
		}
	}
}

// unreachable is the report when nothing can be seen.
func (r *Runner) unreachable(chosen selection, o Options, err error) Report {
	results := map[*node]Result{}
	for _, n := range r.plan.nodes {
		if !chosen.report[n] {
			continue
		}
		result := n.result(Error, CodeClusterUnreachable)
		result.Message = sentence(err.Error()) + " See `labctl status`."
		results[n] = result
		if o.OnResult != nil {
			o.OnResult(n.task.ID, result)
		}
	}
	return r.report(chosen, results)
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
