package probe

import (
	"context"
	"fmt"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// loadProbe looks at a load that the check itself makes.
type loadProbe struct {
	env  *Env
	spec lab.LoadProbe
}

// Look takes the last report of the generator. A load that broke off, or did
// not do what it promised, proves nothing.
func (l *loadProbe) Look(context.Context) (Observation, error) {
	running := l.env.Load(l.spec.Of)
	if running == nil {
		return Observation{}, fmt.Errorf("there is no load %q in this check", l.spec.Of)
	}
	r, err := running.Report()
	if err != nil {
		return Observation{}, err
	}
	self, err := expr.Of(r.Result)
	return Observation{
		Self: self, Found: true, Behaviour: true, Busy: r.Running, Unfit: r.Unfit,
		Summary: fmt.Sprintf("%d requests, %d failed, %d late", r.Total, r.Failed, r.Lagged),
		About:   About{Subject: progress.Subject{Kind: "Pod"}, Namespace: l.env.Namespace},
	}, err
}

// Follow looks at every report.
func (l *loadProbe) Follow(ctx context.Context, see func(Observation) bool) error {
	for {
		running := l.env.Load(l.spec.Of)
		if running == nil {
			return fmt.Errorf("there is no load %q in this check", l.spec.Of)
		}
		news := running.News()
		o, err := l.Look(ctx)
		if err != nil || !see(o) {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
