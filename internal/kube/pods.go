package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// SplitOf splits "kind/name". A lone name is a pod's.
func SplitOf(of string) (kind, name string) {
	if kind, name, ok := strings.Cut(of, "/"); ok {
		return kind, name
	}
	return "pod", of
}

// PodsOf returns the pods that belong to kind/name: by the chain of
// controllers for workloads, by selector for a Service, itself for a Pod.
func (c *Client) PodsOf(ctx context.Context, namespace, of string) ([]corev1.Pod, error) {
	belongs, err := c.BelongsTo(ctx, namespace, of)
	if err != nil {
		return nil, err
	}
	all, err := c.Typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return pick(all.Items, func(p *corev1.Pod) bool { return belongs(p) }), nil
}

// BelongsTo returns what tells whether a pod belongs to kind/name, as PodsOf
// does. A Deployment's answer holds until it makes its next ReplicaSet. Pods
// that are over, such as evicted ones, have been replaced and are nobody's; only
// a Job's are meant to end.
func (c *Client) BelongsTo(ctx context.Context, namespace, of string) (func(metav1.Object) bool, error) {
	kind, name := SplitOf(of)
	owner, err := c.Get(ctx, kind, "", namespace, name)
	if err != nil {
		return nil, err
	}
	switch owner.GetKind() {
	case "Pod":
		return func(p metav1.Object) bool { return p.GetName() == name }, nil
	case "Service":
		selected, err := selectedBy(owner)
		return alive(selected), err
	case "Deployment":
		sets, err := c.controlledBy(ctx, namespace, owner)
		return alive(func(p metav1.Object) bool { return sets[controller(p)] }), err
	case "CronJob":
		jobs, err := c.controlledBy(ctx, namespace, owner)
		return func(p metav1.Object) bool { return jobs[controller(p)] }, err
	}
	controlled := func(p metav1.Object) bool { return controller(p) == owner.GetUID() }
	if owner.GetKind() == "Job" {
		return controlled, nil
	}
	return alive(controlled), nil
}

func alive(belongs func(metav1.Object) bool) func(metav1.Object) bool {
	return func(p metav1.Object) bool { return belongs(p) && !over(p) }
}

// over tells a pod whose containers have ended for good.
func over(o metav1.Object) bool {
	phase := ""
	switch p := o.(type) {
	case *corev1.Pod:
		phase = string(p.Status.Phase)
	case *unstructured.Unstructured:
		phase, _, _ = unstructured.NestedString(p.Object, "status", "phase")
	}
	return phase == string(corev1.PodFailed) || phase == string(corev1.PodSucceeded)
}

// controlledBy returns the UIDs of the ReplicaSets or Jobs of an owner.
func (c *Client) controlledBy(ctx context.Context, namespace string, owner *unstructured.Unstructured) (map[types.UID]bool, error) {
	uids := map[types.UID]bool{}
	kind := map[string]string{"Deployment": "ReplicaSet", "CronJob": "Job"}[owner.GetKind()]
	objects, err := c.List(ctx, kind, "", namespace, "")
	if err != nil {
		return nil, fmt.Errorf("list the %ss of %s: %w", kind, owner.GetName(), err)
	}
	for i := range objects {
		if controller(&objects[i]) == owner.GetUID() {
			uids[objects[i].GetUID()] = true
		}
	}
	return uids, nil
}

func selectedBy(service *unstructured.Unstructured) (func(metav1.Object) bool, error) {
	selector, _, err := unstructured.NestedStringMap(service.Object, "spec", "selector")
	if err != nil || len(selector) == 0 {
		return func(metav1.Object) bool { return false }, err
	}
	s := labels.SelectorFromSet(selector)
	return func(p metav1.Object) bool { return s.Matches(labels.Set(p.GetLabels())) }, nil
}

func controller(o metav1.Object) types.UID {
	if ref := metav1.GetControllerOf(o); ref != nil {
		return ref.UID
	}
	return ""
}

func pick(pods []corev1.Pod, keep func(*corev1.Pod) bool) []corev1.Pod {
	var kept []corev1.Pod
	for i := range pods {
		if keep(&pods[i]) {
			kept = append(kept, pods[i])
		}
	}
	return kept
}
