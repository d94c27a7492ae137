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
// returns nil. It returns an error at once if it cannot start: wrong options, or
// kernel parameters that it may not set. Errors while it runs are logged, told
// to Options.OnSync, and tried again.
func Run(ctx context.Context, client kubernetes.Interface, opt Options) error {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
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
	changed := newSignal()
	w, err := newWatcher(client, changed.set)
	if err != nil {
		return err
	}
	p := &proxy{
		opt: opt, log: opt.Log, watch: w,
		changed: changed, committed: newSignal(),
		flows: &flowCleaner{log: opt.Log, todo: newSignal()},
		table: table{node: n, log: opt.Log},
	}
	return p.run(ctx)
}

// proxy is the one goroutine that programs the kernel, and its helpers.
type proxy struct {
	opt   Options
	log   *slog.Logger
	watch *watcher
	flows *flowCleaner
	table table

	changed   signal // in the API
	committed signal // to nf_tables, by us or others
}

func (p *proxy) run(ctx context.Context) error {
	var helpers sync.WaitGroup
	defer helpers.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	for _, informer := range p.watch.informers() {
		helpers.Go(func() { informer.RunWithContext(ctx) })
	}
	if !p.watch.synced(ctx) {
		return nil // ctx has ended before there was anything to do
	}
	helpers.Go(func() { p.flows.run(ctx) })
	helpers.Go(func() {
		if err := monitor(ctx, p.committed.set); err != nil {
			p.log.Error("service proxy: rules that others change are not repaired until the next sync", "error", err)
		}
	})
	return p.loop(ctx)
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

func (p *proxy) loop(ctx context.Context) error {
	defer p.table.close()
	p.changed.set() // the first sync
	pause, foreign := newPause(quiet), newPause(foreignQuiet)
	for {
		select {
		case <-ctx.Done():
			if p.opt.RemoveOnExit {
				return p.table.remove()
			}
			return nil
		case <-p.changed:
			select {
			case <-ctx.Done():
				continue
			case <-time.After(pause.next()):
			}
			if err := p.sync(); err != nil {
				time.AfterFunc(retry, p.changed.set)
			}
		case <-p.committed:
			if p.table.untouched() {
				continue
			}
			p.log.Info("service proxy: somebody else changed nf_tables, writing the rules anew")
			time.AfterFunc(foreign.next(), p.changed.set)
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
