package check

import "context"

// schedule runs checks: shared ones beside each other as soon as what they need
// is known, exclusive ones alone, in the lab's order.
type schedule struct {
	nodes []*node // in the lab's order
	// judge runs one check; it is called by many goroutines.
	judge func(context.Context, *node) Result
	// skip gives the result of a check that is not to run, and whether it is so.
	// It is called once all that the check needs is in results.
	skip func(*node) (Result, bool)
	// done is told of each result, by the caller's goroutine.
	done func(*node, Result)

	results map[*node]Result
	begun   map[*node]bool
	alone   bool // an exclusive check is running
	running int
}

type outcome struct {
	node   *node
	result Result
}

// run runs all checks and returns their results. When ctx ends it begins no
// more, and waits for those that run.
func (s *schedule) run(ctx context.Context) map[*node]Result {
	s.results, s.begun = map[*node]Result{}, map[*node]bool{}
	outcomes := make(chan outcome)
	start := func(n *node) {
		s.begun[n] = true
		s.running++
		go func() { outcomes <- outcome{n, s.judge(ctx, n)} }()
	}
	for {
		s.settle()
		if ctx.Err() == nil {
			s.begin(start)
		}
		if s.running == 0 {
			return s.results
		}
		o := <-outcomes
		s.running--
		s.alone = false
		s.finish(o.node, o.result)
	}
}

func (s *schedule) finish(n *node, r Result) {
	s.begun[n] = true
	s.results[n] = r
	s.done(n, r)
}

// settle finishes what needs no run, until nothing is left of it.
func (s *schedule) settle() {
	for again := true; again; {
		again = false
		for _, n := range s.nodes {
			if s.begun[n] || !s.ready(n) {
				continue
			}
			if r, ok := s.skip(n); ok {
				s.finish(n, r)
				again = true
			}
		}
	}
}

// begin starts what may run now.
func (s *schedule) begin(start func(*node)) {
	if s.alone {
		return
	}
	for _, n := range s.nodes {
		if !s.begun[n] && !n.exclusive() && s.ready(n) && s.running < parallel {
			start(n)
		}
	}
	if s.running > 0 {
		return
	}
	for _, n := range s.nodes {
		if !s.begun[n] && s.ready(n) {
			s.alone = true
			start(n)
			return
		}
	}
}

// ready tells whether all that a check needs is known.
func (s *schedule) ready(n *node) bool {
	for _, need := range n.needs {
		if _, known := s.results[need]; !known {
			return false
		}
	}
	return true
}
