package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Follow sees the objects, then each of their changes, through a watch.
func (k *kubernetes) Follow(ctx context.Context, see func(Observation) bool) error {
	for {
		more, err := k.followOnce(ctx, see)
		if err != nil || !more || !pause(ctx, 100*time.Millisecond) {
			return err
		}
	}
}

// followOnce lists and watches until the watch ends, as it does now and then.
func (k *kubernetes) followOnce(ctx context.Context, see func(Observation) bool) (more bool, err error) {
	m, list, err := k.list(ctx)
	if absentKind(err, k.spec) {
		// A watch on a kind that does not exist is impossible: look again.
		return see(k.observe(nil)) && pause(ctx, 500*time.Millisecond), ctx.Err()
	}
	if err != nil {
		return false, err
	}
	store := map[types.UID]unstructured.Unstructured{}
	for _, item := range list.Items {
		store[item.GetUID()] = item
	}
	o, err := k.choose(ctx, items(store))
	if err != nil || !see(o) {
		return false, err
	}
	options := k.options()
	options.ResourceVersion = list.GetResourceVersion()
	w, err := k.env.Client.Resource(m, k.env.namespace(k.spec.Namespace)).Watch(ctx, options)
	if err != nil {
		return false, fmt.Errorf("watch %s: %w", Describe(k.spec), err)
	}
	defer w.Stop()
	return k.watch(ctx, w, store, see)
}

func (k *kubernetes) watch(ctx context.Context, w watch.Interface, store map[types.UID]unstructured.Unstructured, see func(Observation) bool) (bool, error) {
	// What is looked for may depend on other objects (whose pods they are), so
	// look again now and then without an event of one's own.
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		case event, open := <-w.ResultChan():
			if !open {
				return true, nil
			}
			if err := apply(store, event); err != nil {
				return apierrors.IsResourceExpired(err) || apierrors.IsGone(err), ignoreExpired(err)
			}
		}
		o, err := k.choose(ctx, items(store))
		if err != nil {
			return false, err
		}
		if !see(o) {
			return false, nil
		}
	}
}

// apply brings a store up to date.
func apply(store map[types.UID]unstructured.Unstructured, event watch.Event) error {
	if event.Type == watch.Error {
		return apierrors.FromObject(event.Object)
	}
	o, ok := event.Object.(*unstructured.Unstructured)
	if !ok {
		return errors.New("the watch sent something that is not an object")
	}
	switch event.Type {
	case watch.Added, watch.Modified:
		store[o.GetUID()] = *o
	case watch.Deleted:
		delete(store, o.GetUID())
	}
	return nil
}

func ignoreExpired(err error) error {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return nil
	}
	return err
}

// items are the objects of a store, by namespace and name as a list has them.
func items(store map[types.UID]unstructured.Unstructured) []unstructured.Unstructured {
	return slices.SortedFunc(maps.Values(store), func(a, b unstructured.Unstructured) int {
		return strings.Compare(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
