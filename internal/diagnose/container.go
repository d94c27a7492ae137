package diagnose

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// container is one container of a pod: what was asked for and how it does.
type container struct {
	pod    *corev1.Pod
	spec   *corev1.Container
	status *corev1.ContainerStatus
	init   bool // runs before the others; must end well, or go on as a sidecar
}

// containers returns those of which the kubelet has said anything, in the order
// in which they start.
func containers(p *corev1.Pod) []container {
	return append(
		match(p, p.Spec.InitContainers, p.Status.InitContainerStatuses, true),
		match(p, p.Spec.Containers, p.Status.ContainerStatuses, false)...)
}

func match(p *corev1.Pod, specs []corev1.Container, statuses []corev1.ContainerStatus, init bool) []container {
	var found []container
	for i := range specs {
		for j := range statuses {
			if statuses[j].Name == specs[i].Name {
				found = append(found, container{pod: p, spec: &specs[i], status: &statuses[j], init: init})
			}
		}
	}
	return found
}

// String names it in a sentence.
func (c container) String() string {
	noun := "container"
	if c.init {
		noun = "init container"
	}
	return fmt.Sprintf("%s %s of pod %s", noun, c.spec.Name, c.pod.Name)
}

// waiting is why the container has not started, "" if it has.
func (c container) waiting() (reason, message string) {
	if w := c.status.State.Waiting; w != nil {
		return w.Reason, w.Message
	}
	return "", ""
}

// end is how the container ended last, and whether it was started again since.
// It is nil for one that never ended.
func (c container) end() (end *corev1.ContainerStateTerminated, restarted bool) {
	if t := c.status.State.Terminated; t != nil {
		return t, false
	}
	return c.status.LastTerminationState.Terminated, true
}

// logs is the command that shows what the container printed.
func (x explainer) logs(c container, previous bool) string {
	command := "logs " + c.pod.Name
	if len(c.pod.Spec.Containers)+len(c.pod.Spec.InitContainers) > 1 {
		command += " -c " + c.spec.Name
	}
	if previous {
		command += " --previous"
	}
	return x.kubectl("%s", command)
}
