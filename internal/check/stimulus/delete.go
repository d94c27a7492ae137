package stimulus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// deletion deletes objects.
type deletion struct {
	env     *Env
	spec    lab.DeleteStimulus
	targets []unstructured.Unstructured
}

// Plan chooses the objects. What a controller replaces is left to it; all else
// is put back as it was.
func (d *deletion) Plan(ctx context.Context) (undo.Record, error) {
	if err := d.choose(ctx); err != nil {
		return undo.Record{}, err
	}
	var r undo.Record
	for i := range d.targets {
		o := &d.targets[i]
		owner := metav1.GetControllerOf(o)
		if owner == nil {
			r.Deleted = append(r.Deleted, o.Object)
			r.Settle = append(r.Settle, undo.RefOf(o))
			continue
		}
		r.Settle = append(r.Settle, d.settling(ctx, o.GetNamespace(), owner))
	}
	return r, nil
}

func (d *deletion) choose(ctx context.Context) error {
	namespace := d.env.namespace(d.spec.Namespace)
	all, err := d.env.Client.List(ctx, d.spec.Kind, d.spec.APIVersion, namespace, d.spec.Selector)
	if err != nil {
		return fmt.Errorf("look for what to delete: %w", err)
	}
	belongs := func(metav1.Object) bool { return true }
	if d.spec.Of != "" {
		belongs, err = d.env.Client.BelongsTo(ctx, namespace, d.spec.Of)
		if err != nil {
			kind, name := kube.SplitOf(d.spec.Of)
			return orAbsent(err, namespace, kind, name)
		}
	}
	for _, o := range all {
		if o.GetDeletionTimestamp() == nil && belongs(&o) && (d.spec.Name == "" || o.GetName() == d.spec.Name) {
			d.targets = append(d.targets, o)
		}
	}
	if len(d.targets) == 0 {
		return absent(namespace, d.spec.Kind, cmp.Or(d.spec.Name, d.spec.Of, d.spec.Selector))
	}
	// The running ones first: deleting a pod that does not run proves little.
	slices.SortStableFunc(d.targets, func(a, b unstructured.Unstructured) int { return cmp.Compare(idle(a), idle(b)) })
	if d.spec.Count > 0 {
		d.targets = d.targets[:min(d.spec.Count, len(d.targets))]
	}
	return nil
}

func idle(o unstructured.Unstructured) int {
	phase, has, _ := unstructured.NestedString(o.Object, "status", "phase")
	if has && phase != "Running" {
		return 1
	}
	return 0
}

// settling is the workload to wait for after one of its objects was replaced: a
// ReplicaSet's Deployment, where there is one.
func (d *deletion) settling(ctx context.Context, namespace string, owner *metav1.OwnerReference) undo.Ref {
	ref := undo.Ref{APIVersion: owner.APIVersion, Kind: owner.Kind, Namespace: namespace, Name: owner.Name}
	set, err := d.env.Client.Get(ctx, owner.Kind, owner.APIVersion, namespace, owner.Name)
	if err != nil {
		return ref
	}
	if above := metav1.GetControllerOf(set); above != nil {
		ref.APIVersion, ref.Kind, ref.Name = above.APIVersion, above.Kind, above.Name
	}
	return ref
}

// Do deletes them, and waits until they are gone: what is seen afterwards is
// then not the state before.
func (d *deletion) Do(ctx context.Context) error {
	for i := range d.targets {
		if err := d.delete(ctx, &d.targets[i]); err != nil {
			return err
		}
	}
	for i := range d.targets {
		if err := d.gone(ctx, &d.targets[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *deletion) delete(ctx context.Context, o *unstructured.Unstructured) error {
	m, err := d.env.Client.Mapping(o.GetKind(), o.GetAPIVersion())
	if err != nil {
		return err
	}
	uid, background := o.GetUID(), metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}}
	if d.spec.Grace != nil {
		grace := int64(d.spec.Grace.Std() / time.Second)
		options.GracePeriodSeconds = &grace
	}
	err = d.env.Client.Resource(m, o.GetNamespace()).Delete(ctx, o.GetName(), options)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete %s: %w", undo.RefOf(o), orDenied(err, undo.RefOf(o)))
	}
	return nil
}

func (d *deletion) gone(ctx context.Context, o *unstructured.Unstructured) error {
	grace, _, _ := unstructured.NestedInt64(o.Object, "spec", "terminationGracePeriodSeconds")
	err := poll(ctx, time.Duration(grace)*time.Second+10*time.Second, func(ctx context.Context) (bool, error) {
		now, err := d.env.Client.Get(ctx, o.GetKind(), o.GetAPIVersion(), o.GetNamespace(), o.GetName())
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return err == nil && now.GetUID() != o.GetUID(), err
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("wait until %s is gone: %w", undo.RefOf(o), err)
	}
	return err
}
