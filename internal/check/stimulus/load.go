package stimulus

import (
	"context"
	"errors"
	"time"

	"labctl.dev/labctl/internal/check/load"
	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/lab"
)

// loading sends requests. There is nothing to undo: the generator stops when
// this process does.
type loading struct {
	env  *Env
	spec lab.LoadStimulus
}

func (l *loading) Plan(context.Context) (undo.Record, error) { return undo.Record{}, nil }

// Do starts the load. One with a duration is waited for; one without goes on
// until whoever took it stops it.
func (l *loading) Do(ctx context.Context) error {
	env := &probe.Env{Client: l.env.Client, Namespace: l.env.Namespace}
	url, err := probe.Address(ctx, env, l.spec.Service, l.spec.Port, l.spec.Path)
	var none *probe.NoAddressError
	if errors.As(err, &none) {
		return &Failure{Code: NotFound, Message: none.Reason, About: about(l.env.Namespace, "Service", l.spec.Service, false)}
	}
	if err != nil {
		return err
	}
	running, err := load.Start(ctx, l.env.Prober, load.Options{
		URL: url, RPS: l.spec.RPS, Timeout: l.spec.Timeout.Or(5 * time.Second),
	})
	if err != nil {
		return err
	}
	l.env.Loaded(l.spec.As, running)
	if l.spec.Duration == 0 {
		return nil
	}
	timer := time.NewTimer(l.spec.Duration.Std())
	defer timer.Stop()
	select {
	case <-timer.C:
		return running.Stop(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
