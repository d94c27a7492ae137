package diagnose

import (
	"context"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"labctl.dev/labctl/internal/diagnose/snapshot"
	"labctl.dev/labctl/internal/kube"
)

// patience is how long a whole diagnosis may take. It comes on top of a check
// that has failed already: better none than a late one.
const patience = 3 * time.Second

// Diagnoser explains failures in one cluster. It never fails itself: when the
// API cannot be read, there is no explanation. It is safe for concurrent use.
type Diagnoser struct{ client *kube.Client }

// New makes a Diagnoser. The client has to be an administrator's: what it may
// not read would look missing.
func New(client *kube.Client) *Diagnoser { return &Diagnoser{client} }

// Object explains why an object does not do what it should: nil if nothing is
// wrong with it, or it is still on its way. An object that is not there is
// explained as by Absent.
func (d *Diagnoser) Object(ctx context.Context, kind, apiVersion, namespace, name string) []Cause {
	return d.about(ctx, kind, apiVersion, namespace, func(x explainer, kind string) []Cause {
		return x.object(kind, name)
	})
}

// Absent explains why an object is not where it was looked for.
func (d *Diagnoser) Absent(ctx context.Context, kind, apiVersion, namespace, name string) []Cause {
	return d.about(ctx, kind, apiVersion, namespace, func(x explainer, kind string) []Cause {
		return x.absent(kind, name)
	})
}

// Selector explains why no object of a kind matches a label selector (as in
// kubectl -l), or why those that match do not work.
func (d *Diagnoser) Selector(ctx context.Context, kind, apiVersion, namespace, selector string) []Cause {
	want := exact(selector)
	if len(want) == 0 {
		return nil
	}
	return d.about(ctx, kind, apiVersion, namespace, func(x explainer, kind string) []Cause {
		return x.selector(kind, want)
	})
}

// Request explains why a request to a Service failed.
func (d *Diagnoser) Request(ctx context.Context, r Request) []Cause {
	if name, namespace, ok := strings.Cut(r.Service, "."); ok { // as in a URL: web.demo.svc
		r.Service = name
		r.Namespace, _, _ = strings.Cut(namespace, ".")
	}
	return d.explain(ctx, r.Namespace, func(x explainer) []Cause { return x.request(r) })
}

// Load explains why a Service lost requests while its pods were replaced, as far
// as the way it is written does.
func (d *Diagnoser) Load(ctx context.Context, namespace, service string) []Cause {
	if name, other, ok := strings.Cut(service, "."); ok {
		service, namespace = name, other
	}
	return d.explain(ctx, namespace, func(x explainer) []Cause {
		if s := snapshot.Named(x.Services, service); s != nil {
			return x.pinned(s)
		}
		return nil
	})
}

// Refusal explains why the API refused something, from the error it answered
// with: quotas, admission, missing rights, immutable fields.
func (d *Diagnoser) Refusal(ctx context.Context, namespace string, err error) []Cause {
	if err == nil {
		return nil
	}
	return d.explain(ctx, namespace, func(x explainer) []Cause { return x.refusal(err.Error()) })
}

// about explains something of a kind, once it is known how the kind is written
// and whether it has namespaces.
func (d *Diagnoser) about(ctx context.Context, kind, apiVersion, namespace string, how func(explainer, string) []Cause) []Cause {
	mapping, err := d.client.Mapping(kind, apiVersion)
	if meta.IsNoMatchError(err) {
		return []Cause{
			seen(MissingKind, "This cluster has no kind %s.", kind),
			look(MissingKind, "See which there are: kubectl api-resources"),
		}
	}
	if err != nil {
		return nil
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot || namespace == "*" {
		namespace = ""
	}
	return d.explain(ctx, namespace, func(x explainer) []Cause { return how(x, mapping.GroupVersionKind.Kind) })
}

// explain takes a snapshot and explains it; when the explanation turns out to
// need more, such as a log, it brings that and explains again.
func (d *Diagnoser) explain(ctx context.Context, namespace string, how func(explainer) []Cause) []Cause {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := snapshot.Take(ctx, d.client, namespace)
	if err != nil {
		return nil
	}
	const passes = 4 // an object of a kind, its pods' logs, the rights behind them
	var chain []Cause
	for range passes {
		chain = how(explainer{s})
		wants := s.TakeWants()
		if wants.Empty() {
			break
		}
		s.Fetch(ctx, d.client, wants)
	}
	return chain
}

// exact returns the labels that a selector asks for outright; what it only
// excludes or leaves open explains nothing.
func exact(selector string) map[string]string {
	parsed, err := labels.Parse(selector)
	if err != nil {
		return nil
	}
	requirements, _ := parsed.Requirements()
	want := map[string]string{}
	for _, r := range requirements {
		switch r.Operator() {
		case selection.Equals, selection.DoubleEquals, selection.In:
			if values := r.Values().List(); len(values) == 1 {
				want[r.Key()] = values[0]
			}
		}
	}
	return want
}
