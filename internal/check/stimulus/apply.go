package stimulus

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/apply/manifest"
	"labctl.dev/labctl/internal/check/revert"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// apply applies objects, and restarts what reads them.
type apply struct {
	env     *Env
	spec    lab.ApplyStimulus
	objects []unstructured.Unstructured
	restart []undo.Ref
}

// Plan tries the apply without doing it, to know what it will change.
func (a *apply) Plan(ctx context.Context) (undo.Record, error) {
	if err := a.read(); err != nil {
		return undo.Record{}, err
	}
	var r undo.Record
	for i := range a.objects {
		if err := a.plan(ctx, &a.objects[i], &r); err != nil {
			return undo.Record{}, err
		}
	}
	for _, of := range a.spec.Restart {
		kind, name := kube.SplitOf(of)
		o, err := a.env.Client.Get(ctx, kind, "", a.env.Namespace, name)
		if err != nil {
			return undo.Record{}, orAbsent(err, a.env.Namespace, kind, name)
		}
		a.restart = append(a.restart, undo.RefOf(o))
	}
	r.Restart = a.restart
	return r, nil
}

func (a *apply) read() error {
	for _, o := range a.spec.Objects {
		u := unstructured.Unstructured{Object: o}
		a.objects = append(a.objects, *u.DeepCopy())
	}
	if a.spec.File != "" {
		data, err := a.env.Read(a.spec.File)
		if err != nil {
			return err
		}
		objects, err := manifest.Parse(a.spec.File, data)
		if err != nil {
			return err
		}
		a.objects = append(a.objects, objects...)
	}
	manifest.Sort(a.objects)
	return nil
}

// madeByCheck is the annotation of objects that a check made.
const madeByCheck = "labctl.dev/made-by-check"

func (a *apply) plan(ctx context.Context, o *unstructured.Unstructured, r *undo.Record) error {
	m, err := a.env.Client.Mapping(o.GetKind(), o.GetAPIVersion())
	if err != nil {
		return fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	if o.GetNamespace() == "" && m.Scope.Name() == meta.RESTScopeNameNamespace {
		o.SetNamespace(a.env.Namespace)
	}
	ref := undo.RefOf(o)
	objects := a.env.Client.Resource(m, ref.Namespace)
	now, err := objects.Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		// An object without any field has no field managers to know it by.
		annotations := o.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[madeByCheck] = "true"
		o.SetAnnotations(annotations)
		r.Created = append(r.Created, ref)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s before changing it: %w", ref, err)
	}
	if _, rolls, _ := unstructured.NestedMap(o.Object, "spec", "template"); rolls && ref.Kind == "Deployment" {
		if err := raiseLimit(o, now); err != nil {
			return fmt.Errorf("apply %s: %w", ref, err)
		}
	}
	after, err := objects.Apply(ctx, ref.Name, o, options(metav1.DryRunAll))
	if err != nil {
		return fmt.Errorf("apply %s: %w", ref, orUnchangeable(err, ref))
	}
	e := undo.Edit{Ref: ref, UID: now.GetUID(), Managers: now.GetManagedFields(), Changes: revert.Diff(now.Object, after.Object)}
	if ref.Kind == "Deployment" {
		limitLast(&e)
		if err = history(ctx, a.env.Client, now, &e); err != nil {
			return err
		}
	}
	r.Edits = append(r.Edits, e)
	r.Settle = append(r.Settle, ref)
	return nil
}

func options(dryRun ...string) metav1.ApplyOptions {
	return metav1.ApplyOptions{FieldManager: undo.Manager, Force: true, DryRun: dryRun}
}

// Do applies the objects, then replaces the pods of what reads them.
func (a *apply) Do(ctx context.Context) error {
	for i := range a.objects {
		o := &a.objects[i]
		m, err := a.env.Client.Mapping(o.GetKind(), o.GetAPIVersion())
		if err != nil {
			return err
		}
		after, err := a.env.Client.Resource(m, o.GetNamespace()).Apply(ctx, o.GetName(), o, options())
		if err != nil {
			return fmt.Errorf("apply %s: %w", undo.RefOf(o), orDenied(err, undo.RefOf(o)))
		}
		if err := observed(ctx, a.env.Client, undo.RefOf(after), after.GetGeneration()); err != nil {
			return err
		}
	}
	return undo.Restart(ctx, a.env.Client, a.restart)
}
