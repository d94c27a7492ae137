package proxy

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
)

const (
	// quiet is the least time between two syncs. A lone change is applied at
	// once, a burst of them in few transactions.
	quiet = 3 * time.Millisecond
	// foreignQuiet bounds how often others' commits make us look at the table.
	foreignQuiet = 200 * time.Millisecond
	// retry is how long to wait after an error.
	retry = time.Second
)

// Run keeps the node's rules in line with the API until ctx ends, and then
// returns nil. It returns an error if it cannot start: wrong options, or a
// kernel without what the rules need. Errors while it runs are logged, told to
// Options.OnSync, and tried again.
func Run(ctx context.Context, client kubernetes.Interface, opt Options) error {
	n, err := opt.node()
	if err != nil {
		return err
	}
	if n.bridged, err = prepareKernel(); err != nil {
		return err
	}
	if !n.bridged {
		opt.Log.Warn("the kernel lacks br_netfilter: a pod that reaches a pod of its own node through a Service shows the node's address")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	changed, committed := newSignal(), newSignal()
	w, err := newWatcher(client, changed.set)
	if err != nil {
		return err
	}
	wait, err := w.start(ctx)
	defer wait()
	defer stop() // before wait
	if err != nil {
		return nil // ctx has ended: nothing is wrong
	}
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer stop()
	helpers.Go(func() {
		if err := monitor(ctx, committed.set); err != nil {
			opt.Log.Error("service proxy: rules that others change are not repaired until the next sync", "error", err)
		}
	})
	flows := &flowCleaner{log: opt.Log, todo: newSignal()}
	helpers.Go(func() { flows.run(ctx) })
	p := &proxy{opt: opt, watch: w, flows: flows, table: table{node: n, log: opt.Log}, log: opt.Log}
	return p.loop(ctx, changed, committed)
}

// signal remembers that something happened, not how often.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) set() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// proxy is the one goroutine that programs the kernel.
type proxy struct {
	opt   Options
	watch *watcher
	flows *flowCleaner
	table table
	log   *slog.Logger
}

func (p *proxy) loop(ctx context.Context, changed, committed signal) error {
	defer p.table.close()
	changed.set() // the first sync
	pause, foreign := newPause(quiet), newPause(foreignQuiet)
	for {
		select {
		case <-ctx.Done():
			if p.opt.RemoveOnExit {
				return p.table.remove()
			}
			return nil
		case <-changed:
			select {
			case <-ctx.Done():
				continue
			case <-time.After(pause.next()):
			}
			if err := p.sync(); err != nil {
				time.AfterFunc(retry, changed.set)
			}
		case <-committed:
			if p.table.untouched() {
				continue
			}
			p.log.Info("service proxy: somebody else changed nf_tables, writing the rules anew")
			time.AfterFunc(foreign.next(), changed.set)
		}
	}
}

// sync brings the kernel in line with what the watcher knows.
func (p *proxy) sync() error {
	start := time.Now()
	ports := p.watch.ports(p.opt.NodeName)
	err := p.table.sync(rulesetOf(ports, p.table.node))
	if err != nil {
		p.log.Error("service proxy: sync failed, trying again", "error", err, "after", retry)
	} else {
		p.flows.expect(udpEndpointsOf(ports))
		p.log.Debug("service proxy: synced", "ports", len(ports), "took", time.Since(start))
	}
	if p.opt.OnSync != nil {
		p.opt.OnSync(err)
	}
	return err
}

// pause keeps two events at least a while apart.
type pause struct {
	least time.Duration
	last  time.Time
}

func newPause(least time.Duration) *pause { return &pause{least: least} }

// next returns how long the next event must wait.
func (p *pause) next() time.Duration {
	left := max(0, p.least-time.Since(p.last))
	p.last = time.Now().Add(left)
	return left
}
