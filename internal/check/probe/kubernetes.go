package probe

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/lab"
)

// kubernetes looks at one object, or at a list.
type kubernetes struct {
	env  *Env
	spec lab.KubernetesProbe
}

// Look reads the objects once.
func (k *kubernetes) Look(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	_, list, err := k.list(ctx)
	if absentKind(err, k.spec) {
		return k.observe(nil), nil
	}
	if err != nil {
		return Observation{}, err
	}
	return k.choose(ctx, list.Items)
}

// list reads what the API server can narrow down by itself.
func (k *kubernetes) list(ctx context.Context) (*meta.RESTMapping, *unstructured.UnstructuredList, error) {
	m, err := k.env.Client.Mapping(k.spec.Kind, k.spec.APIVersion)
	if err != nil {
		return nil, nil, fmt.Errorf("find the kind %s: %w", k.spec.Kind, err)
	}
	list, err := k.env.Client.Resource(m, k.env.namespace(k.spec.Namespace)).List(ctx, k.options())
	if err != nil {
		return m, nil, fmt.Errorf("read %s: %w", Describe(k.spec), err)
	}
	return m, list, nil
}

func (k *kubernetes) options() metav1.ListOptions {
	o := metav1.ListOptions{LabelSelector: k.spec.Selector}
	if k.spec.Name != "" {
		o.FieldSelector = fields.OneTermEqualSelector("metadata.name", k.spec.Name).String()
	}
	return o
}

// choose keeps what the API server cannot pick by itself, the pods of an owner,
// and makes the observation.
func (k *kubernetes) choose(ctx context.Context, items []unstructured.Unstructured) (Observation, error) {
	if k.spec.Of == "" {
		return k.observe(items), nil
	}
	belongs, err := k.env.Client.BelongsTo(ctx, k.env.namespace(k.spec.Namespace), k.spec.Of)
	if apierrors.IsNotFound(err) {
		o := k.observe(nil)
		kind, name := kube.SplitOf(k.spec.Of)
		o.Found, o.Missing = false, fmt.Sprintf("there is no %s %s", kind, name)
		return o, nil
	}
	if err != nil {
		return Observation{}, fmt.Errorf("find whose pods belong to %s: %w", k.spec.Of, err)
	}
	var kept []unstructured.Unstructured
	for i := range items {
		// A pod that is on its way out is no longer its owner's.
		if belongs(&items[i]) && items[i].GetDeletionTimestamp() == nil {
			kept = append(kept, items[i])
		}
	}
	return k.observe(kept), nil
}

// observe makes the observation of these objects.
func (k *kubernetes) observe(items []unstructured.Unstructured) Observation {
	o := Observation{About: About{
		Subject:   progress.Subject{Kind: k.spec.Kind, Name: k.spec.Name, Of: k.spec.Of, Found: len(items) > 0},
		Namespace: k.env.namespace(k.spec.Namespace),
	}}
	if k.spec.Namespace == "*" {
		o.About.Namespace = k.env.Namespace
	}
	o.Found = len(items) > 0
	if !o.Found {
		o.Missing = fmt.Sprintf("there is no %s", Describe(k.spec))
	}
	if k.spec.Name != "" {
		if o.Found {
			o.Self = items[0].Object
		}
		o.Summary = presence(len(items), 1)
		return o
	}
	list := make([]any, len(items))
	for i := range items {
		list[i] = items[i].Object
	}
	o.Self = map[string]any{"items": list}
	o.Summary = presence(len(items), 0)
	return o
}

func presence(n, one int) string {
	switch {
	case n == 0:
		return "nothing there"
	case one == 1:
		return "there"
	}
	return fmt.Sprintf("%d there", n)
}

// absentKind tells a kind that is not there because nobody has defined it yet:
// a custom resource. A built-in kind that is not there is the lab's mistake.
func absentKind(err error, spec lab.KubernetesProbe) bool {
	group, _, _ := strings.Cut(spec.APIVersion, "/")
	return err != nil && meta.IsNoMatchError(err) && strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io")
}

// Describe writes "Deployment web", "Pod of deployment/web", "Pod with app=web".
func Describe(k lab.KubernetesProbe) string {
	text := k.Kind
	if k.Name != "" {
		text += " " + k.Name
	}
	if k.Of != "" {
		text += " of " + k.Of
	}
	if k.Selector != "" {
		text += " with " + k.Selector
	}
	if k.Namespace != "" && k.Namespace != "*" {
		text += " in namespace " + k.Namespace
	}
	return text
}

// Record reads the objects of a `record`, as expressions see them.
func Record(ctx context.Context, env *Env, spec lab.KubernetesProbe) (Observation, error) {
	k := &kubernetes{env, spec}
	return k.Look(ctx)
}
