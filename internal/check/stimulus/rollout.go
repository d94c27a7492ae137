package stimulus

import (
	"context"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/undo"
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
		change: r.keepHistory,
	}
	e, now, err := r.edit.plan(ctx)
	if err != nil {
		return undo.Record{}, err
	}
	limitLast(&e)
	err = history(ctx, r.env.Client, now, &e)
	return undo.Record{Edits: []undo.Edit{e}, Settle: []undo.Ref{e.Ref}}, err
}

// keepHistory changes the template, and has the controller keep the revisions
// that it would throw away for the new one: to go back there is the learner's right.
func (r *rollout) keepHistory(o *unstructured.Unstructured) error {
	if err := raiseLimit(o, o); err != nil {
		return err
	}
	return r.change(o)
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
	w := &rolling{
		client: r.env.Client, namespace: after.GetNamespace(), name: after.GetName(), generation: after.GetGeneration(),
		within: r.spec.Within.Or(time.Minute),
	}
	complete, err := w.wait(ctx)
	if err != nil || complete || r.spec.Fails {
		return err
	}
	return w.failure()
}
