package stimulus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"labctl.dev/labctl/internal/check/prober"
	"labctl.dev/labctl/internal/check/undo"
	"labctl.dev/labctl/internal/lab"
)

// drain cordons a node and evicts its pods.
type drain struct {
	env  *Env
	spec lab.DrainStimulus
	edit *edit
	node string
}

func (d *drain) Plan(ctx context.Context) (undo.Record, error) {
	if err := d.choose(ctx); err != nil {
		return undo.Record{}, err
	}
	d.edit = &edit{
		client: d.env.Client,
		ref:    undo.Ref{APIVersion: "v1", Kind: "Node", Name: d.node},
		change: func(o *unstructured.Unstructured) error {
			return unstructured.SetNestedField(o.Object, true, "spec", "unschedulable")
		},
	}
	e, _, err := d.edit.plan(ctx)
	if err != nil {
		return undo.Record{}, err
	}
	// Pods that found no other node come back once this one is open again.
	settle := undo.Ref{APIVersion: "v1", Kind: "Pod", Namespace: d.env.Namespace}
	return undo.Record{Edits: []undo.Edit{e}, Settle: []undo.Ref{settle}}, nil
}

func (d *drain) choose(ctx context.Context) error {
	d.node = d.spec.Node
	if d.node != "" {
		return nil
	}
	pods, err := d.env.Client.PodsOf(ctx, d.env.Namespace, d.spec.Of)
	if err != nil {
		kind, name, _ := strings.Cut(d.spec.Of, "/")
		return orAbsent(err, d.env.Namespace, kind, name)
	}
	i := slices.IndexFunc(pods, func(p corev1.Pod) bool { return p.Spec.NodeName != "" && p.DeletionTimestamp == nil })
	if i < 0 {
		return &Failure{Code: NotReady, Message: "no pod of " + d.spec.Of + " runs on any node", About: about(d.env.Namespace, "Pod", "", false)}
	}
	d.node = pods[i].Spec.NodeName
	return nil
}

// Do drains the node as kubectl would.
func (d *drain) Do(ctx context.Context) error {
	if _, err := d.edit.do(ctx); err != nil {
		return err
	}
	var left []string
	drained := false
	err := poll(ctx, d.spec.Within.Or(time.Minute), func(ctx context.Context) (bool, error) {
		now, err := d.evict(ctx)
		if err == nil {
			left, drained = now, len(now) == 0
		}
		return drained, err
	})
	if err != nil || drained {
		return err
	}
	return &Failure{
		Code: DrainBlocked, About: about(d.env.Namespace, "Pod", "", true),
		Message: fmt.Sprintf("node %s could not be drained within %s; still there: %s", d.node, d.spec.Within.Or(time.Minute), strings.Join(left, ", ")),
	}
}

// evict asks every pod to go, and returns those still there. A disruption
// budget may say no for now.
func (d *drain) evict(ctx context.Context) ([]string, error) {
	pods, err := d.env.Client.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + d.node})
	if err != nil {
		return nil, fmt.Errorf("list the pods of node %s: %w", d.node, err)
	}
	var left []string
	for i := range pods.Items {
		p := &pods.Items[i]
		if stays(p) {
			continue
		}
		left = append(left, p.Name)
		if p.DeletionTimestamp != nil {
			continue
		}
		if metav1.GetControllerOf(p) == nil {
			return nil, &Failure{
				Code: DrainBlocked, About: about(p.Namespace, "Pod", p.Name, true),
				Message: fmt.Sprintf("pod %s has no controller: draining node %s would lose it for good", p.Name, d.node),
			}
		}
		err := d.env.Client.Typed.PolicyV1().Evictions(p.Namespace).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace},
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsTooManyRequests(err) {
			ref := undo.Ref{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name}
			return nil, fmt.Errorf("evict pod %s: %w", p.Name, orDenied(err, ref))
		}
	}
	return left, nil
}

// stays tells the pods that a drain leaves alone.
func stays(p *corev1.Pod) bool {
	owner := metav1.GetControllerOf(p)
	_, mirror := p.Annotations[corev1.MirrorPodAnnotationKey]
	ended := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	return mirror || ended || p.Namespace == prober.Namespace || owner != nil && owner.Kind == "DaemonSet"
}
