package probe

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/expr"
	"labctl.dev/labctl/internal/lab"
)

// script runs a script of the lab's.
type script struct {
	env  *Env
	spec lab.ScriptProbe
}

// Look runs the script once. One that fails or prints no JSON cannot tell, which
// is not the learner's fault.
func (s *script) Look(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.spec.Timeout.Or(10*time.Second),
		fmt.Errorf("it took longer than %s", s.spec.Timeout.Or(10*time.Second)))
	defer cancel()
	out, err := s.env.Script(ctx, s.spec.File, s.env.Input())
	if err != nil {
		return Observation{}, err
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return Observation{}, fmt.Errorf("the script %s printed nothing instead of JSON", s.spec.File)
	}
	self, err := expr.FromJSON(out)
	if err != nil {
		return Observation{}, fmt.Errorf("the script %s: %w", s.spec.File, err)
	}
	return Observation{
		Self: self, Found: self != nil, Behaviour: !s.spec.Written, Missing: "the script found nothing", Summary: expr.Format(self),
		About: About{Subject: progress.Subject{Kind: "Pod"}, Namespace: s.env.Namespace},
	}, nil
}
