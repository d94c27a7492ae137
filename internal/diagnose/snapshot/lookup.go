package snapshot

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Object is what the types of the API have in common, as pointers.
type object[T any] interface {
	*T
	metav1.Object
}

// Named returns the object of that name, or nil.
func Named[T any, P object[T]](items []T, name string) P {
	for i := range items {
		if p := P(&items[i]); p.GetName() == name {
			return p
		}
	}
	return nil
}

// Names returns the names of objects, in their order.
func Names[T any, P object[T]](items []T) []string {
	names := make([]string, 0, len(items))
	for i := range items {
		names = append(names, P(&items[i]).GetName())
	}
	return names
}

// Pods returns the pods of the namespace that keep wants.
func (s *Snapshot) Pods(keep func(*corev1.Pod) bool) []*corev1.Pod {
	var kept []*corev1.Pod
	for i := range s.AllPods {
		if p := &s.AllPods[i]; p.Namespace == s.Namespace && keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// Pod returns the pod of that name, or nil.
func (s *Snapshot) Pod(name string) *corev1.Pod {
	found := s.Pods(func(p *corev1.Pod) bool { return p.Name == name })
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// Owned returns the pods whose controller is owner.
func (s *Snapshot) Owned(owner metav1.Object) []*corev1.Pod {
	return s.Pods(func(p *corev1.Pod) bool { return metav1.IsControlledBy(p, owner) })
}

// Selected returns the pods that carry all these labels, none for no labels.
func (s *Snapshot) Selected(selector map[string]string) []*corev1.Pod {
	if len(selector) == 0 {
		return nil
	}
	want := labels.SelectorFromSet(selector)
	return s.Pods(func(p *corev1.Pod) bool { return want.Matches(labels.Set(p.Labels)) })
}

// EventsOf returns the events about one object.
func (s *Snapshot) EventsOf(kind, name string) []*corev1.Event {
	var events []*corev1.Event
	for i := range s.Events {
		if e := &s.Events[i]; e.InvolvedObject.Kind == kind && e.InvolvedObject.Name == name {
			events = append(events, e)
		}
	}
	return events
}

// EventsAbout returns the events about this very object: an earlier one of the
// same name has other troubles.
func (s *Snapshot) EventsAbout(kind string, o metav1.Object) []*corev1.Event {
	var events []*corev1.Event
	for _, e := range s.EventsOf(kind, o.GetName()) {
		if e.InvolvedObject.UID == "" || e.InvolvedObject.UID == o.GetUID() {
			events = append(events, e)
		}
	}
	return events
}

// Latest returns the newest event for which keep holds, or nil.
func Latest(events []*corev1.Event, keep func(*corev1.Event) bool) *corev1.Event {
	var latest *corev1.Event
	for _, e := range events {
		if keep(e) && (latest == nil || !Last(e).Before(Last(latest))) {
			latest = e
		}
	}
	return latest
}

// Last is when an event was seen last. The API has had three places for it.
func Last(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// Age is how long ago something was, seen from the snapshot.
func (s *Snapshot) Age(t time.Time) time.Duration { return s.Taken.Sub(t) }
