package check

import (
	"context"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/lab"
)

// everything stands for all kinds.
const everything = "*"

// kinds is a set of kinds of object, in small letters.
type kinds map[string]bool

func newKinds(names ...string) kinds {
	k := kinds{}
	for _, n := range names {
		k.add(n)
	}
	return k
}

func (k kinds) add(name string)   { k[strings.ToLower(name)] = true }
func (k kinds) join(others kinds) { maps.Copy(k, others) }

// touch tells whether a change of these kinds may change a check's result.
func (k kinds) touch(n *node) bool {
	if k[everything] || len(k) > 0 && behaves(n) {
		return true
	}
	return slices.ContainsFunc(kindsOf(n), func(kind string) bool { return k[strings.ToLower(kind)] })
}

// behaves tells whether a check looks at what programs do.
func behaves(n *node) bool {
	return slices.ContainsFunc(n.expects, func(x *expectation) bool { return x.spec.Kubernetes == nil })
}

// kindsOf are the kinds that a check looks at.
func kindsOf(n *node) []string {
	var of []string
	look := func(k lab.KubernetesProbe) {
		of = append(of, k.Kind)
		if k.Of != "" { // whose pods they are depends on these
			of = append(of, "Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "Service")
		}
	}
	for _, x := range n.expects {
		if x.spec.Kubernetes != nil {
			look(*x.spec.Kubernetes)
		}
	}
	for _, k := range n.check.Record {
		look(k)
	}
	return of
}

// follow watches every kind that the chosen checks look at, and those that what
// they ask depends on. It sends the kind of each object that changes.
func (w *watcher) follow(ctx context.Context) <-chan string {
	changes := make(chan string, 64)
	if w.Docker != nil {
		go w.followDocker(ctx, changes)
	}
	if w.Client == nil {
		return changes
	}
	specs := map[string]lab.KubernetesProbe{}
	for _, kind := range []string{"Pod", "Service", "Deployment", "ReplicaSet"} {
		specs[kind] = lab.KubernetesProbe{Kind: kind}
	}
	specs["EndpointSlice"] = lab.KubernetesProbe{Kind: "EndpointSlice", APIVersion: "discovery.k8s.io/v1"}
	for n := range w.chosen.run {
		for _, x := range n.expects {
			if k := x.spec.Kubernetes; k != nil {
				specs[k.Kind+k.APIVersion+k.Namespace] = lab.KubernetesProbe{Kind: k.Kind, APIVersion: k.APIVersion, Namespace: k.Namespace}
			}
		}
	}
	for _, spec := range specs {
		go w.followKind(ctx, spec, changes)
	}
	return changes
}

// followDocker is told of everything that happens in the Docker Engine.
func (w *watcher) followDocker(ctx context.Context, changes chan<- string) {
	tell := func() {
		select {
		case changes <- progress.Docker:
		case <-ctx.Done():
		}
	}
	for first := true; ctx.Err() == nil; first = false {
		if !first {
			tell()
		}
		if err := w.Docker.Follow(ctx, tell); err != nil && ctx.Err() == nil {
			w.Log.Debug("a watch ended", "what", "docker", "error", err)
		}
		sleep(ctx, restless)
	}
}

// followKind watches one kind for as long as ctx lives. After a break it says
// that the kind has changed: something may have been missed.
func (w *watcher) followKind(ctx context.Context, spec lab.KubernetesProbe, changes chan<- string) {
	tell := func() bool {
		select {
		case changes <- spec.Kind:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for first := true; ctx.Err() == nil; first = false {
		err := w.watchKind(ctx, spec, first, tell)
		if err != nil && ctx.Err() == nil {
			w.Log.Debug("a watch ended", "what", probe.Describe(spec), "error", err)
		}
		sleep(ctx, restless)
	}
}

func (w *watcher) watchKind(ctx context.Context, spec lab.KubernetesProbe, first bool, tell func() bool) error {
	m, err := w.Client.Mapping(spec.Kind, spec.APIVersion)
	if err != nil {
		return err
	}
	namespace := spec.Namespace
	if namespace == "" {
		namespace = w.Lab.Values.Namespace
	}
	objects := w.Client.Resource(m, namespace)
	list, err := objects.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return err
	}
	if !first {
		tell()
	}
	stream, err := objects.Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
	if err != nil {
		return err
	}
	defer stream.Stop()
	for event := range stream.ResultChan() {
		if event.Type == watch.Error || !tell() {
			return nil
		}
	}
	return nil
}
