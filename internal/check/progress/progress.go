// Package progress tells work that is on its way from work that is stuck or
// done: whether waiting longer can change what a check saw.
package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// Quiet is how long after a change its consequences may still be on their way
// through the controllers and proxies.
const Quiet = 2500 * time.Millisecond

// State is whether something moves.
type State struct {
	// Moving says that it is on its way.
	Moving bool
	Why    string // "pod web-1 is starting"; empty when nothing moves
	// Fresh says that it changed so lately that its consequences may not be
	// seen yet. It is worth another look, but no sign of being on its way.
	Fresh bool
	// Changed is when anything in question last changed, zero if never.
	Changed time.Time
}

// Subject is what the question is about.
type Subject struct {
	Kind, Name string // Name is empty for a list
	Of         string // kind/name whose pods are meant
	Found      bool   // whether it is there at all
	// Ending says that old pods count until they are gone, also those of a workload
	// that has all it asks for.
	Ending bool
}

// Of says whether the subject still moves.
func Of(s *snapshot.Snapshot, about Subject) State {
	switch {
	case about.Of != "":
		return ofOwner(s, about)
	case !about.Found && !Derived(about.Kind):
		// Nobody but a person makes one of these: only what happens at this
		// very moment can bring it.
		return recent(s.Taken, Touched(s))
	case about.Name == "" || !about.Found || Derived(about.Kind):
		return Namespace(s)
	}
	return ofObject(s, about)
}

// Namespace says whether anything in the namespace still moves.
func Namespace(s *snapshot.Snapshot) State { return namespace(s, true) }

// namespace counts pods that are ending if it is asked to.
func namespace(s *snapshot.Snapshot, ending bool) State {
	var states []State
	for i := range s.Deployments {
		states = append(states, deployment(s, &s.Deployments[i], ending))
	}
	for i := range s.StatefulSets {
		states = append(states, statefulSet(s, &s.StatefulSets[i], ending))
	}
	for i := range s.DaemonSets {
		states = append(states, daemonSet(s, &s.DaemonSets[i], ending))
	}
	for _, p := range s.Pods(func(p *corev1.Pod) bool { return ending || p.DeletionTimestamp == nil }) {
		states = append(states, pod(s, p))
	}
	return merge(append(states, recent(s.Taken, Touched(s)))...)
}

// Derived tells the kinds that controllers make.
func Derived(kind string) bool {
	kinds := []string{"pod", "replicaset", "job", "endpoints", "endpointslice", "controllerrevision", "event", "persistentvolume", "node"}
	return slices.Contains(kinds, strings.TrimSuffix(strings.ToLower(kind), "s"))
}

func ofObject(s *snapshot.Snapshot, about Subject) State {
	switch strings.TrimSuffix(strings.ToLower(about.Kind), "s") {
	case "deployment":
		if d := snapshot.Named(s.Deployments, about.Name); d != nil {
			return deployment(s, d, about.Ending)
		}
	case "statefulset":
		if set := snapshot.Named(s.StatefulSets, about.Name); set != nil {
			return statefulSet(s, set, about.Ending)
		}
	case "daemonset":
		if set := snapshot.Named(s.DaemonSets, about.Name); set != nil {
			return daemonSet(s, set, about.Ending)
		}
	case "cronjob":
		if c := snapshot.Named(s.CronJobs, about.Name); c != nil && (c.Spec.Suspend == nil || !*c.Spec.Suspend) {
			return State{Moving: true, Why: "the next run of cronjob " + c.Name + " is to come", Changed: c.CreationTimestamp.Time}
		}
	case "persistentvolumeclaim":
		if c := snapshot.Named(s.Claims, about.Name); c != nil && c.Status.Phase == corev1.ClaimPending {
			return Namespace(s) // it may wait for its first consumer
		}
	}
	return recent(s.Taken, Touched(s))
}

func ofOwner(s *snapshot.Snapshot, about Subject) State {
	of := about.Of
	kind, name, ok := strings.Cut(of, "/")
	if !ok {
		kind, name = "pod", of
	}
	kind = strings.TrimSuffix(strings.ToLower(kind), "s")
	if kind == "service" && strings.EqualFold(about.Kind, "pod") {
		return behind(s, name, about.Ending)
	}
	if kind == "service" || kind == "job" || kind == "cronjob" {
		return Namespace(s)
	}
	if kind == "pod" {
		if p := s.Pod(name); p != nil {
			return merge(pod(s, p), recent(s.Taken, Touched(s)))
		}
	}
	return ofObject(s, Subject{Kind: kind, Name: name, Found: true, Ending: about.Ending})
}

// behind is the state of the pods behind a service. Whatever can become one
// counts; nothing can if the service selects none.
func behind(s *snapshot.Snapshot, service string, ending bool) State {
	if svc := snapshot.Named(s.Services, service); svc != nil && len(svc.Spec.Selector) == 0 {
		return recent(s.Taken, Touched(s))
	}
	return namespace(s, ending)
}

// recent is the state of something that nothing but its age speaks for.
func recent(now, changed time.Time) State {
	age := now.Sub(changed)
	return State{Fresh: !changed.IsZero() && age <= Quiet && age >= -Quiet, Changed: changed}
}

// merge moves when one of them does, and says why for the first.
func merge(states ...State) State {
	var m State
	for _, s := range states {
		if s.Moving && !m.Moving {
			m.Moving, m.Why = true, s.Why
		}
		m.Fresh = m.Fresh || s.Fresh
		m.Changed = latest(m.Changed, s.Changed)
	}
	return m
}

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

func moving(changed time.Time, format string, args ...any) State {
	return State{Moving: true, Why: fmt.Sprintf(format, args...), Changed: changed}
}

func still(changed time.Time) State { return State{Changed: changed} }

// written is when somebody last wrote an object: not its status, which
// controllers write all the time, also about what is stuck.
func written(o metav1.Object) time.Time {
	last := o.GetCreationTimestamp().Time
	for _, m := range o.GetManagedFields() {
		if m.Subresource == "" && m.Time != nil {
			last = latest(last, m.Time.Time)
		}
	}
	return last
}
