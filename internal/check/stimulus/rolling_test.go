package stimulus

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// TestGettingOn follows a rollout of two pods with surge: each step counts anew,
// and standing still, or going back, does not.
func TestGettingOn(t *testing.T) {
	two := int32(2)
	w := &rolling{name: "web", generation: 3, within: time.Minute}
	now := time.Now()
	for i, step := range []struct {
		replicas, updated, available int32
		on, complete                 bool
	}{
		{2, 0, 2, true, false}, // the first look
		{3, 1, 2, true, false},
		{3, 1, 2, false, false},
		{3, 1, 3, false, false}, // the old ones are available, too
		{2, 1, 2, true, false},
		{3, 2, 2, true, false},
		{2, 1, 1, false, false},
		{3, 2, 2, false, false},
		{2, 2, 2, true, true},
	} {
		now = now.Add(time.Second)
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web", Generation: 3}}
		d.Spec.Replicas = &two
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: 3, Replicas: step.replicas, UpdatedReplicas: step.updated, AvailableReplicas: step.available,
		}
		before := w.got
		s := &snapshot.Snapshot{Taken: now}
		s.Deployments = []appsv1.Deployment{*d}
		if complete := w.look(s, d); complete != step.complete || w.got.After(before) != step.on {
			t.Errorf("step %d: complete %v, got on %v", i, complete, w.got.After(before))
		}
	}
}

func TestWhatMakesARolloutSlow(t *testing.T) {
	d := &appsv1.Deployment{}
	d.Spec.MinReadySeconds = 25
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "web", ReadinessProbe: &corev1.Probe{InitialDelaySeconds: 15}}}
	d.Status.UpdatedReplicas = 1
	w := &rolling{name: "web", begun: time.Now().Add(-5 * time.Minute), latest: d, state: progress.State{Moving: true}}
	const want = "the rollout of deployment web was not complete after 5m0s: 1 of 1 pods are new, and of all 0 are available; " +
		"what makes it slow: minReadySeconds 25, initialDelaySeconds 15 of the readiness probe of container web"
	if f := w.failure(); f.Message != want || !f.Moving {
		t.Error(f.Message)
	}
	w.state.Moving = false
	if f := w.failure(); !strings.Contains(f.Message, "got stuck after 5m0s") {
		t.Error(f.Message)
	}
}
