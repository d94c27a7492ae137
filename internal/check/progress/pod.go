package progress

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// How long the parts of a pod's start may take before it counts as stuck.
const (
	scheduling = 20 * time.Second
	creating   = 60 * time.Second // pulling images included
	getReady   = 10 * time.Second // from running to ready, beyond what its probes ask for
	ending     = 10 * time.Second // beyond its grace period
)

// pod says whether a pod is on its way: to be ready, or to be gone.
func pod(s *snapshot.Snapshot, p *corev1.Pod) State {
	changed, age := turned(p), s.Taken.Sub(p.CreationTimestamp.Time)
	switch {
	case p.DeletionTimestamp != nil:
		if s.Taken.Sub(p.DeletionTimestamp.Time) < ending {
			return moving(changed, "pod %s is ending", p.Name)
		}
		return still(changed)
	case p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed:
		return still(changed)
	case crashes(p):
		return still(changed)
	}
	scheduled := condition(p, corev1.PodScheduled)
	if scheduled == nil || scheduled.Status != corev1.ConditionTrue {
		refused := scheduled != nil && age > Quiet
		if refused || age > scheduling {
			return still(changed)
		}
		return moving(changed, "pod %s is waiting for a node", p.Name)
	}
	return started(s, p, changed)
}

// started is the state of a pod that has its node.
func started(s *snapshot.Snapshot, p *corev1.Pod, changed time.Time) State {
	if lacksVolume(s, p) {
		return still(changed)
	}
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && stuck(w.Reason) {
			return still(changed)
		}
	}
	since := condition(p, corev1.PodScheduled).LastTransitionTime.Time
	for _, c := range p.Status.InitContainerStatuses {
		if c.State.Running != nil && !ready(p) {
			return moving(changed, "pod %s runs its init container %s", p.Name, c.Name)
		}
	}
	for i := range p.Spec.Containers {
		spec := &p.Spec.Containers[i]
		status := statusOf(p, spec.Name)
		switch {
		case status == nil || status.State.Running == nil && status.State.Terminated == nil:
			if s.Taken.Sub(since) < creating {
				return moving(changed, "pod %s is being created", p.Name)
			}
		case status.State.Running != nil && !status.Ready:
			if s.Taken.Sub(status.State.Running.StartedAt.Time) < startup(spec, status) {
				return moving(changed, "pod %s is starting", p.Name)
			}
		}
	}
	if runsToEnd(p) && p.Status.Phase == corev1.PodRunning {
		return moving(changed, "pod %s is running to its end", p.Name)
	}
	return still(changed)
}

// startup is how long a container may run before its probes should be content.
func startup(c *corev1.Container, status *corev1.ContainerStatus) time.Duration {
	window := getReady
	if p := c.ReadinessProbe; p != nil {
		window += seconds(p.InitialDelaySeconds + max(p.SuccessThreshold, 1)*max(p.PeriodSeconds, 1) + p.PeriodSeconds)
	}
	if p := c.StartupProbe; p != nil && (status.Started == nil || !*status.Started) {
		window += seconds(p.InitialDelaySeconds + p.FailureThreshold*p.PeriodSeconds)
	}
	return window
}

// crashes tells a pod that goes round in circles.
func crashes(p *corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses),
		func(c corev1.ContainerStatus) bool {
			waits := c.State.Waiting != nil && c.State.Waiting.Reason == "CrashLoopBackOff"
			again := c.RestartCount >= 2 && !c.Ready && c.LastTerminationState.Terminated != nil
			return waits || again
		})
}

// stuck tells the reasons for waiting that no patience mends.
func stuck(reason string) bool {
	return slices.Contains([]string{
		"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
		"ImageInspectError", "RegistryUnavailable", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
	}, reason)
}

// lacksVolume tells a pod that cannot start for want of what it mounts.
func lacksVolume(s *snapshot.Snapshot, p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool {
		switch {
		case v.ConfigMap != nil && (v.ConfigMap.Optional == nil || !*v.ConfigMap.Optional):
			return snapshot.Named(s.ConfigMaps, v.ConfigMap.Name) == nil
		case v.Secret != nil && (v.Secret.Optional == nil || !*v.Secret.Optional):
			return snapshot.Named(s.Secrets, v.Secret.SecretName) == nil
		case v.PersistentVolumeClaim != nil:
			return snapshot.Named(s.Claims, v.PersistentVolumeClaim.ClaimName) == nil
		}
		return false
	})
}

func ready(p *corev1.Pod) bool {
	c := condition(p, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

// runsToEnd tells a pod that is meant to end by itself: a Job's.
func runsToEnd(p *corev1.Pod) bool { return p.Spec.RestartPolicy != corev1.RestartPolicyAlways }

func statusOf(p *corev1.Pod, container string) *corev1.ContainerStatus {
	for i := range p.Status.ContainerStatuses {
		if p.Status.ContainerStatuses[i].Name == container {
			return &p.Status.ContainerStatuses[i]
		}
	}
	return nil
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }
