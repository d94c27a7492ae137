package stimulus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/diagnose/snapshot"
	"labctl.dev/labctl/internal/kube"
)

// slowest is how many times its time a rollout may take that gets on: careful
// ones wait for each pod.
const slowest = 5

// rolling is a rollout that is being waited for.
type rolling struct {
	client          *kube.Client
	namespace, name string
	generation      int64         // of the change
	within          time.Duration // without getting on

	begun  time.Time
	moved  time.Time // when anything last moved
	got    time.Time // when it last got on
	best   int32     // how far it has got
	state  progress.State
	latest *appsv1.Deployment
}

// wait waits until the rollout is complete, stuck, or does not get on.
func (w *rolling) wait(ctx context.Context) (complete bool, err error) {
	w.begun = time.Now()
	w.moved, w.got = w.begun, w.begun
	err = poll(ctx, slowest*w.within, func(ctx context.Context) (bool, error) {
		s, err := snapshot.Take(ctx, w.client, w.namespace)
		if err != nil {
			return false, err
		}
		d := snapshot.Named(s.Deployments, w.name)
		if d == nil {
			return false, absent(w.namespace, "Deployment", w.name)
		}
		complete = w.look(s, d)
		stuck := time.Since(w.moved) > progress.Quiet
		return complete || stuck || time.Since(w.got) > w.within, nil
	})
	return complete, err
}

// look takes in what is to be seen now, and tells whether the rollout is complete.
func (w *rolling) look(s *snapshot.Snapshot, d *appsv1.Deployment) bool {
	w.latest = d
	w.state = progress.Of(s, progress.Subject{Kind: "Deployment", Name: w.name, Found: true})
	if w.state.Moving || w.state.Fresh {
		w.moved = s.Taken
	}
	if d.Status.ObservedGeneration < w.generation {
		return false
	}
	if far := reached(d); far > w.best {
		w.best, w.got = far, s.Taken
	}
	return rolledOut(d)
}

// reached counts the steps of a rollout that are done: new pods made, old ones
// gone, and, once only new ones are there, how many are available.
func reached(d *appsv1.Deployment) int32 {
	old := d.Status.Replicas - d.Status.UpdatedReplicas
	steps := d.Status.UpdatedReplicas + max(0, 2*replicas(d)-old)
	if old == 0 {
		steps += d.Status.AvailableReplicas
	}
	return steps
}

// rolledOut tells whether all pods are of the newest template, available, and
// the old ones gone from the count.
func rolledOut(d *appsv1.Deployment) bool {
	want := replicas(d)
	return d.Status.UpdatedReplicas == want && d.Status.Replicas == want && d.Status.AvailableReplicas == want
}

func replicas(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}

func (w *rolling) failure() *Failure {
	took := time.Since(w.begun).Round(time.Second)
	f := &Failure{
		Code: RolloutStuck, Moving: w.state.Moving, About: about(w.namespace, "Deployment", w.name, true),
		Message: fmt.Sprintf("the rollout of deployment %s got stuck after %s", w.name, took),
	}
	if !w.state.Moving {
		return f
	}
	f.Message = fmt.Sprintf("the rollout of deployment %s was not complete after %s", w.name, took)
	if d := w.latest; d != nil {
		f.Message += fmt.Sprintf(": %d of %d pods are new, and of all %d are available", d.Status.UpdatedReplicas, replicas(d), d.Status.AvailableReplicas)
		if slow := slowdowns(d); len(slow) > 0 {
			f.Message += "; what makes it slow: " + strings.Join(slow, ", ")
		}
	}
	return f
}

// slowdowns are what a Deployment asks for that each of its pods takes time for.
func slowdowns(d *appsv1.Deployment) []string {
	var slow []string
	if n := d.Spec.MinReadySeconds; n > 0 {
		slow = append(slow, fmt.Sprintf("minReadySeconds %d", n))
	}
	for _, c := range d.Spec.Template.Spec.Containers {
		if p := c.ReadinessProbe; p != nil && p.InitialDelaySeconds > 0 {
			slow = append(slow, fmt.Sprintf("initialDelaySeconds %d of the readiness probe of container %s", p.InitialDelaySeconds, c.Name))
		}
		if p := c.StartupProbe; p != nil && p.InitialDelaySeconds > 0 {
			slow = append(slow, fmt.Sprintf("initialDelaySeconds %d of the startup probe of container %s", p.InitialDelaySeconds, c.Name))
		}
	}
	return slices.Compact(slow)
}
