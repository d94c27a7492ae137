package progress_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// now is when the snapshots are taken.
func now() time.Time { return time.Unix(1_000_000, 0) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now().Add(-d)) }

// pod makes a pod of ReplicaSet web-1 that got its node and started long ago,
// ready, then changes it.
func pod(change func(*corev1.Pod)) *corev1.Pod {
	yes := true
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-1-a", Namespace: "shop", UID: "pod", CreationTimestamp: ago(time.Hour),
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-1", UID: "rs", Controller: &yes}},
		},
		Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{Name: "web"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning,
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: ago(time.Hour)},
				{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: ago(time.Hour)},
			},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "web", Ready: true, State: running(time.Hour)}},
		},
	}
	change(p)
	return p
}

func running(since time.Duration) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(since)}}
}

func waiting(reason string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
}

// container puts the pod's container into a state, not ready, its start so long
// ago.
func container(state corev1.ContainerState, age time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.CreationTimestamp = ago(age)
		p.Status.ContainerStatuses[0] = corev1.ContainerStatus{Name: "web", State: state}
		for i := range p.Status.Conditions {
			p.Status.Conditions[i].LastTransitionTime = ago(age)
		}
		p.Status.Conditions[1].Status = corev1.ConditionFalse
	}
}

func shop(p *corev1.Pod) *snapshot.Snapshot {
	one, yes := int32(1), true
	old := metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "d", Generation: 2, CreationTimestamp: ago(time.Hour)}
	s := &snapshot.Snapshot{Namespace: "shop", Taken: now()}
	s.Deployments = []appsv1.Deployment{{
		ObjectMeta: old, Spec: appsv1.DeploymentSpec{Replicas: &one},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1},
	}}
	s.ReplicaSets = []appsv1.ReplicaSet{{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web-1", UID: "rs", CreationTimestamp: ago(time.Hour),
		OwnerReferences: []metav1.OwnerReference{{Kind: "Deployment", Name: "web", UID: "d", Controller: &yes}},
	}}}
	s.AllPods = []corev1.Pod{*p}
	return s
}

func TestPods(t *testing.T) {
	tests := map[string]struct {
		change func(*corev1.Pod)
		moving bool
	}{
		"ready":            {func(*corev1.Pod) {}, false},
		"being created":    {container(waiting("ContainerCreating"), 5*time.Second), true},
		"created for ever": {container(waiting("ContainerCreating"), time.Hour), false},
		"image missing":    {container(waiting("ImagePullBackOff"), 5*time.Second), false},
		"config missing":   {container(waiting("CreateContainerConfigError"), 5*time.Second), false},
		"crash loop":       {container(waiting("CrashLoopBackOff"), 5*time.Second), false},
		"starting":         {container(running(time.Second), 2*time.Second), true},
		"never ready":      {container(running(time.Minute), time.Minute), false},
		"slow to start": {func(p *corev1.Pod) {
			container(running(20*time.Second), 20*time.Second)(p)
			p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{InitialDelaySeconds: 30, PeriodSeconds: 5}
		}, true},
		"crashed twice, running": {func(p *corev1.Pod) {
			container(running(time.Second), 9*time.Second)(p)
			p.Status.ContainerStatuses[0].RestartCount = 2
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
		}, false},
		"volume missing": {func(p *corev1.Pod) {
			container(waiting("ContainerCreating"), 5*time.Second)(p)
			source := &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "none"}}
			p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{ConfigMap: source}}}
		}, false},
		"unschedulable": {func(p *corev1.Pod) {
			container(corev1.ContainerState{}, 9*time.Second)(p)
			p.Status.Phase = corev1.PodPending
			p.Status.Conditions[0].Status = corev1.ConditionFalse
		}, false},
		"not scheduled yet": {func(p *corev1.Pod) {
			container(corev1.ContainerState{}, time.Second)(p)
			p.Status.Conditions = nil
		}, true},
		"ending for ever": {func(p *corev1.Pod) {
			at, grace := ago(time.Hour), int64(30)
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
		}, false},
		"a job's":  {func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever }, true},
		"job done": {func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := shop(pod(tt.change))
			for _, about := range []progress.Subject{
				{Kind: "Deployment", Name: "web", Found: true},
				{Kind: "Pod", Of: "deployment/web", Found: true},
				{Kind: "Pod", Name: "web-1-a", Found: true},
				{Kind: "Pod"},
			} {
				if got := progress.Of(s, about); got.Moving != tt.moving && !got.Fresh {
					t.Errorf("%+v: %+v, want moving %v", about, got, tt.moving)
				}
			}
		})
	}
}

// An old pod that is ending is on the way only to what counts it: itself, the
// namespace's endpoints, and a workload that waits for it to be gone.
func TestEndingPods(t *testing.T) {
	ending := func(p *corev1.Pod) {
		at, grace := ago(-20*time.Second), int64(30)
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
	}
	for about, done := range map[progress.Subject]bool{ // whether it moves when the deployment is done
		{Kind: "Deployment", Name: "web", Found: true}:                 false,
		{Kind: "Pod", Of: "deployment/web", Found: true}:               false,
		{Kind: "Deployment", Name: "web", Found: true, Ending: true}:   true,
		{Kind: "Pod", Of: "deployment/web", Found: true, Ending: true}: true,
		{Kind: "Pod", Name: "web-1-a", Found: true}:                    true,
		{Kind: "EndpointSlice"}:                                        true,
		{Kind: "Endpoints", Of: "service/web", Found: true}:            true,
		{Kind: "Pod", Of: "service/web", Found: true}:                  false,
		{Kind: "Pod", Of: "service/web", Found: true, Ending: true}:    true,
	} {
		s := shop(pod(ending))
		if got := progress.Of(s, about); got.Moving != done {
			t.Errorf("%+v of a deployment that is done: %+v, want moving %v", about, got, done)
		}
		s.Deployments[0].Status.UpdatedReplicas = 0 // strategy Recreate
		if got := progress.Of(s, about); !got.Moving {
			t.Errorf("%+v of a deployment that waits: %+v, want moving", about, got)
		}
	}
}

// What starts may get behind a service, unless the service selects nothing.
func TestPodsBehindAService(t *testing.T) {
	for selects, moves := range map[string]bool{"app": true, "": false} {
		s := shop(pod(container(running(time.Second), 20*time.Second)))
		svc := corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", CreationTimestamp: ago(time.Hour)}}
		if selects != "" {
			svc.Spec.Selector = map[string]string{selects: "web"}
		}
		s.Services = []corev1.Service{svc}
		got := progress.Of(s, progress.Subject{Kind: "Pod", Of: "service/web", Found: true})
		if got.Moving != moves {
			t.Errorf("selector %q: %+v, want moving %v", selects, got, moves)
		}
	}
}

func TestWhatPeopleWriteDoesNotMove(t *testing.T) {
	s := shop(pod(container(running(time.Second), 20*time.Second)))
	for _, about := range []progress.Subject{
		{Kind: "Service", Name: "web"}, {Kind: "Deployment", Name: "other"},
		{Kind: "ConfigMap", Name: "web", Found: true},
	} {
		if got := progress.Of(s, about); got.Moving || got.Fresh {
			t.Errorf("%+v: %+v", about, got)
		}
	}
	s.Services = []corev1.Service{{ObjectMeta: metav1.ObjectMeta{Name: "x", CreationTimestamp: ago(time.Second)}}}
	if got := progress.Of(s, progress.Subject{Kind: "Deployment", Name: "other"}); got.Moving || !got.Fresh {
		t.Errorf("somebody is applying things just now: %+v", got)
	}
}

func TestDeployments(t *testing.T) {
	tests := map[string]struct {
		change        func(*appsv1.Deployment)
		moving, fresh bool
	}{
		"done":              {func(*appsv1.Deployment) {}, false, false},
		"not seen yet":      {func(d *appsv1.Deployment) { d.Generation = 3 }, true, false},
		"not long enough":   {func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 0 }, true, false},
		"done a moment ago": {func(d *appsv1.Deployment) { d.CreationTimestamp = ago(time.Second) }, false, true},
		"between two pods": {func(d *appsv1.Deployment) {
			d.CreationTimestamp = ago(time.Second)
			d.Status.UpdatedReplicas = 0
		}, true, true},
		"an old pod makes up for a new one": {func(d *appsv1.Deployment) {
			d.CreationTimestamp = ago(time.Second)
			d.Status.Replicas = 2
		}, true, true},
		"stuck": {func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 0 }, false, false},
		"written to, in its status only": {func(d *appsv1.Deployment) {
			at := ago(0)
			d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "controller", Subresource: "status", Time: &at}}
		}, false, false},
	}
	for name, tt := range tests {
		s := shop(pod(func(*corev1.Pod) {}))
		tt.change(&s.Deployments[0])
		got := progress.Of(s, progress.Subject{Kind: "deployments", Name: "web", Found: true})
		if got.Moving != tt.moving || got.Fresh != tt.fresh {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
