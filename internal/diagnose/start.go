package diagnose

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
)

// notStarted explains the first container that cannot be started.
func (x explainer) notStarted(p *corev1.Pod) []Cause {
	for _, c := range containers(p) {
		reason, message := c.waiting()
		switch reason {
		case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable":
			return x.notPulled(c, message)
		case "InvalidImageName":
			return x.invalidImage(c)
		case "CreateContainerConfigError":
			return x.notConfigured(c, message)
		case "CreateContainerError", "RunContainerError", "PreStartHookError", "PostStartHookError":
			return x.notCreated(c, message)
		}
	}
	return nil
}

func (x explainer) invalidImage(c container) []Cause {
	return []Cause{
		seen(InvalidImageName, "%q, the image of %s, is not a name that an image can have.", c.spec.Image, c),
		look(InvalidImageName, "A reference is written registry/repository:tag, in lower case, without spaces or a scheme such as https://."),
	}
}

// notConfigured explains a container that lacks what its environment is made
// of.
func (x explainer) notConfigured(c container, message string) []Cause {
	if chain := x.missing(c.String(), environment(c.spec)); chain != nil {
		return chain
	}
	return x.notCreated(c, message)
}

// notCreated explains a container whose process could not be started.
func (x explainer) notCreated(c container, message string) []Cause {
	why := runtimeError(message)
	chain := []Cause{
		seen(ContainerCreateError, "%s cannot be started: %s", sentence(c.String()), why),
		look(ContainerCreateError, "See the whole message: %s", x.kubectl("describe pod %s", c.pod.Name)),
	}
	if len(c.spec.Command) == 0 || !regexp.MustCompile(`executable file not found|no such file|permission denied|is a directory`).MatchString(why) {
		return chain
	}
	return append(chain, fix(ContainerCreateError,
		"Its command is %q: correct it, or leave `command` out so that the image's own entrypoint runs.", c.spec.Command))
}

// runtimeError takes the runtime's own words out of the layers around them:
// "failed to create containerd task: … exec: "foo": executable file not found".
func runtimeError(message string) string {
	if found := regexp.MustCompile(`exec: "[^"]*": .*`).FindString(message); found != "" {
		return trimDetail(found)
	}
	return trimDetail(message)
}

// notMounted explains a pod whose containers wait for its volumes or sandbox.
func (x explainer) notMounted(p *corev1.Pod) []Cause {
	waits := false
	for _, c := range containers(p) {
		reason, _ := c.waiting()
		waits = waits || reason == "ContainerCreating" || reason == "PodInitializing"
	}
	if !waits || running(p.Status.InitContainerStatuses) {
		return nil
	}
	if chain := x.missing("pod "+p.Name, volumes(p)); chain != nil {
		return chain
	}
	if chain := x.claims(p); chain != nil {
		return chain
	}
	return x.mountWarning(p)
}

func running(statuses []corev1.ContainerStatus) bool {
	for i := range statuses {
		if statuses[i].State.Running != nil {
			return true
		}
	}
	return false
}
