package check

import (
	"context"
	"slices"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/diagnose"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// causes explains a finding by what is wrong in the cluster or in Docker. The causes that
// give the fix away are for --explain only.
func (s *scenario) causes(ctx context.Context, f finding, explain bool) []diagnose.Cause {
	shown := []diagnose.Cause{}
	for _, c := range s.chain(ctx, f) {
		if explain || c.Spoiler < diagnose.Fix {
			shown = append(shown, c)
		}
	}
	return shown
}

func (s *scenario) chain(ctx context.Context, f finding) []diagnose.Cause {
	d, about := s.diagnoser, f.about
	if s.Docker != nil && (s.Client == nil || about.Kind == progress.Docker) {
		return s.dockerChain(ctx, f)
	}
	if s.Client == nil {
		return nil
	}
	if f.refusal != nil {
		chain := d.Refusal(ctx, about.Namespace, f.refusal)
		if len(chain) == 1 && chain[0].Code == diagnose.Refused {
			return nil // it only repeats the answer, as the message does
		}
		return chain
	}
	if f.expectation != nil {
		x := f.expectation.spec
		switch {
		case x.HTTP != nil && x.HTTP.Service != "":
			return d.Request(ctx, request(about, x.HTTP, f.seen))
		case x.Kubernetes != nil && x.Kubernetes.Absent:
			return nil // what is too much needs no explanation
		case x.Kubernetes != nil && x.Kubernetes.Selector != "":
			return d.Selector(ctx, x.Kubernetes.Kind, x.Kubernetes.APIVersion, about.Namespace, x.Kubernetes.Selector)
		case x.Load != nil:
			return d.Load(ctx, s.Lab.Values.Namespace, s.loaded(x.Load.Of))
		case x.Script != nil:
			return nil // what happened is over; the state now does not explain it
		}
	}
	if about.Of != "" {
		kind, name := kube.SplitOf(about.Of)
		return d.Object(ctx, kind, "", about.Namespace, name)
	}
	if about.Kind == "" || about.Name == "" {
		return nil
	}
	apiVersion := ""
	if f.expectation != nil && f.expectation.spec.Kubernetes != nil {
		apiVersion = f.expectation.spec.Kubernetes.APIVersion
	}
	if !about.Found {
		return d.Absent(ctx, about.Kind, apiVersion, about.Namespace, about.Name)
	}
	return d.Object(ctx, about.Kind, apiVersion, about.Namespace, about.Name)
}

// loaded is the Service that a load of the check goes to.
func (s *scenario) loaded(name string) string {
	for _, st := range slices.Concat(s.node.check.While, s.node.check.When) {
		if st.Load != nil && st.Load.As == name {
			return st.Load.Service
		}
	}
	return ""
}

// request tells the diagnosis of the worst of the responses.
func request(about probe.About, h *lab.HTTPProbe, l look) diagnose.Request {
	r := diagnose.Request{Namespace: about.Namespace, Service: about.Name, Port: h.Port, Path: h.Path}
	r.Status, r.ErrorKind = worst(l)
	return r
}

// worst is the highest status of the responses; or why one of them did not come.
func worst(l look) (status int, errorKind string) {
	self, _ := l.Self.(map[string]any)
	if errorKind, _ = self["errorKind"].(string); errorKind != "" {
		return 0, errorKind
	}
	responses, _ := self["responses"].([]any)
	for _, one := range responses {
		response, _ := one.(map[string]any)
		if s, _ := response["status"].(int64); int(s) > status {
			status = int(s)
		}
	}
	return status, ""
}
