package stimulus

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// scale sets the number of replicas.
type scale struct {
	env  *Env
	spec lab.ScaleStimulus
	edit *edit
}

func (s *scale) Plan(ctx context.Context) (undo.Record, error) {
	kind, name := kube.SplitOf(s.spec.Of)
	s.edit = &edit{
		client: s.env.Client,
		ref:    undo.Ref{Kind: kind, Namespace: s.env.namespace(s.spec.Namespace), Name: name},
		change: func(o *unstructured.Unstructured) error {
			return unstructured.SetNestedField(o.Object, int64(s.spec.Replicas), "spec", "replicas")
		},
	}
	e, _, err := s.edit.plan(ctx)
	if err != nil {
		return undo.Record{}, err
	}
	return undo.Record{Edits: []undo.Edit{e}, Settle: []undo.Ref{e.Ref}}, nil
}

// Do scales, and waits until the controller has seen it.
func (s *scale) Do(ctx context.Context) error {
	after, err := s.edit.do(ctx)
	if err != nil {
		return err
	}
	return observed(ctx, s.env.Client, undo.RefOf(after), after.GetGeneration())
}

// seeTime is how long a controller may take to see a change.
const seeTime = 10 * time.Second

// observed waits until a workload's controller has seen a generation.
func observed(ctx context.Context, client *kube.Client, ref undo.Ref, generation int64) error {
	return poll(ctx, seeTime, func(ctx context.Context) (bool, error) {
		now, err := client.Get(ctx, ref.Kind, ref.APIVersion, ref.Namespace, ref.Name)
		if err != nil {
			return false, orAbsent(err, ref.Namespace, ref.Kind, ref.Name)
		}
		seen, has, _ := unstructured.NestedInt64(now.Object, "status", "observedGeneration")
		return !has || seen >= generation, nil
	})
}
