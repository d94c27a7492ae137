package stimulus

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/diagnose/snapshot"
	"labctl.dev/labctl/internal/lab"
)

// restartedAt is the annotation of the pod template by which pods are replaced
// when nothing else in it changes.
const restartedAt = "labctl.dev/restarted-at"

// rollout changes a Deployment's pod template.
type rollout struct {
	env  *Env
	spec lab.RolloutStimulus
	edit *edit
	at   string
}

func (r *rollout) Plan(ctx context.Context) (undo.Record, error) {
	r.at = time.Now().UTC().Format(time.RFC3339Nano)
	r.edit = &edit{
		client: r.env.Client,
		ref: undo.Ref{
			APIVersion: "apps/v1", Kind: "Deployment",
			Namespace: r.env.namespace(r.spec.Namespace), Name: r.spec.Deployment,
		},
		change: r.change,
	}
	e, now, err := r.edit.plan(ctx)
	if err != nil {
		return undo.Record{}, err
	}
	e.ReplicaSets, err = replicaSets(ctx, r.env.Client, now)
	return undo.Record{Edits: []undo.Edit{e}, Settle: []undo.Ref{e.Ref}}, err
}

// change edits the template: image and environment, or the annotation.
func (r *rollout) change(o *unstructured.Unstructured) error {
	if r.spec.Image == "" && len(r.spec.Env) == 0 {
		return unstructured.SetNestedField(o.Object, r.at, "spec", "template", "metadata", "annotations", restartedAt)
	}
	containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	if err != nil {
		return err
	}
	i, err := r.container(o, containers)
	if err != nil {
		return err
	}
	c := containers[i].(map[string]any)
	if r.spec.Image != "" {
		c["image"] = r.spec.Image
	}
	env, _ := c["env"].([]any)
	for _, name := range slices.Sorted(maps.Keys(r.spec.Env)) {
		value := map[string]any{"name": name, "value": r.spec.Env[name]}
		if j := slices.IndexFunc(env, func(e any) bool { return nameOf(e) == name }); j >= 0 {
			env[j] = value
		} else {
			env = append(env, value)
		}
	}
	if len(env) > 0 {
		c["env"] = env
	}
	return unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers")
}

// Do rolls out, and waits until that is complete or stuck.
func (r *rollout) Do(ctx context.Context) error {
	after, err := r.edit.do(ctx)
	if err != nil {
		return err
	}
	within := r.spec.Within.Or(time.Minute)
	begun := time.Now()
	var state progress.State
	complete := false
	moved := begun
	err = poll(ctx, within, func(ctx context.Context) (bool, error) {
		s, err := snapshot.Take(ctx, r.env.Client, after.GetNamespace())
		if err != nil {
			return false, err
		}
		if snapshot.Named(s.Deployments, after.GetName()) == nil {
			return false, absent(after.GetNamespace(), "Deployment", after.GetName())
		}
		complete = rolledOut(s, after.GetName(), after.GetGeneration())
		state = progress.Of(s, progress.Subject{Kind: "Deployment", Name: after.GetName(), Found: true})
		if state.Moving || state.Fresh {
			moved = s.Taken
		}
		return complete || time.Since(moved) > progress.Quiet, nil
	})
	if err != nil || complete || r.spec.Fails {
		return err
	}
	f := &Failure{
		Code: RolloutStuck, Moving: state.Moving, About: about(after.GetNamespace(), "Deployment", after.GetName(), true),
		Message: fmt.Sprintf("the rollout of deployment %s got stuck after %s", after.GetName(), time.Since(begun).Round(time.Second)),
	}
	if state.Moving {
		f.Message = fmt.Sprintf("the rollout of deployment %s was not complete after %s", after.GetName(), within)
	}
	return f
}

// rolledOut tells whether all pods are of the newest template, available, and
// the old ones gone from the count.
func rolledOut(s *snapshot.Snapshot, name string, generation int64) bool {
	d := snapshot.Named(s.Deployments, name)
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	return d.Status.ObservedGeneration >= generation && d.Status.UpdatedReplicas == want &&
		d.Status.Replicas == want && d.Status.AvailableReplicas == want
}
