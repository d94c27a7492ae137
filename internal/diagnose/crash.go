package diagnose

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// recent is how long a container's end is held against it while it runs again.
const recent = time.Minute

// crashing explains the first container that ends when it should not.
func (x explainer) crashing(p *corev1.Pod) []Cause {
	for _, c := range containers(p) {
		if x.crashes(c) {
			return x.crash(c)
		}
	}
	return nil
}

// crashes says whether the container is down, or only up for the moment.
func (x explainer) crashes(c container) bool {
	end, restarted := c.end()
	reason, _ := c.waiting()
	switch {
	case end == nil:
		return false
	case !restarted: // it is down now
		return end.ExitCode != 0 || !c.init && c.pod.Spec.RestartPolicy == corev1.RestartPolicyAlways
	case reason == "CrashLoopBackOff":
		return true
	case c.status.State.Running == nil:
		return false
	case !c.status.Ready:
		return x.Age(end.FinishedAt.Time) < recent
	}
	return c.status.RestartCount > 1 && x.Age(end.FinishedAt.Time) < recent
}

// crash explains why a container ended.
func (x explainer) crash(c container) []Cause {
	end, restarted := c.end()
	chain := []Cause{seen(CrashLoop, "%s %s.", sentence(c.String()), howOften(c, end))}
	if end.Reason == "StartError" || end.Reason == "ContainerCannotRun" {
		return append(chain, x.notCreated(c, end.Message)...)
	}
	if end.Reason == "OOMKilled" {
		return append(chain, x.outOfMemory(c)...)
	}
	if kind, ok := x.killedByProbe(c, end); ok {
		return append(chain, x.probe(c, kind)...)
	}
	log := x.Log(snapshot.LogRef{Pod: c.pod.Name, Container: c.spec.Name, Previous: restarted})
	if lines := message.Tail(log, 5); len(lines) > 0 {
		chain = append(chain, look(CrashLoop, "The last it printed (%s):\n  %s", x.logs(c, restarted), strings.Join(lines, "\n  ")))
	} else {
		chain = append(chain, look(CrashLoop, "It printed nothing. See how it ended: %s", x.kubectl("describe pod %s", c.pod.Name)))
	}
	if denial, ok := message.Denied(log); ok {
		return append(chain, x.denial(denial, c.pod)...)
	}
	if end.ExitCode == 0 {
		return append(chain, seen(Completed, "Its command finished without an error, but a container like this is meant to run until it is stopped."))
	}
	return chain
}

// howOften writes "keeps ending: 4 restarts, the last time with exit code 1 …".
func howOften(c container, end *corev1.ContainerStateTerminated) string {
	how := fmt.Sprintf("exit code %d%s", end.ExitCode, exitMeaning(int(end.ExitCode), end.Reason == "OOMKilled"))
	if n := c.status.RestartCount; n > 0 {
		return fmt.Sprintf("keeps ending: %s, the last time with %s", count(n, "restart"), how)
	}
	return "has ended with " + how
}

// exitMeaning explains the codes that mean the same everywhere.
func exitMeaning(code int, oom bool) string {
	switch {
	case oom:
		return " (out of memory)"
	case code == 0:
		return " (no error)"
	case code == 126:
		return " (the command cannot be executed)"
	case code == 127:
		return " (the command was not found)"
	case code == 137:
		return " (killed, SIGKILL)"
	case code == 139:
		return " (it crashed, SIGSEGV)"
	case code == 143:
		return " (asked to end, SIGTERM)"
	case code < 126:
		return " (an error of the application's own)"
	}
	return ""
}

func (x explainer) outOfMemory(c container) []Cause {
	limit := "its memory limit"
	if m, ok := c.spec.Resources.Limits[corev1.ResourceMemory]; ok {
		limit += " of " + m.String()
	}
	return []Cause{
		seen(OOMKilled, "The kernel killed it, because it used more than %s.", limit),
		look(OOMKilled, "Compare the limit with what the application needs: %s", x.kubectl("describe pod %s", c.pod.Name)),
		fix(OOMKilled, "Raise resources.limits.memory of container %s, or make the application use less.", c.spec.Name),
	}
}

// killedByProbe says which probe made the kubelet end the container, if one
// did. Only events of its last life count.
func (x explainer) killedByProbe(c container, end *corev1.ContainerStateTerminated) (kind string, ok bool) {
	killing := snapshot.Latest(x.EventsAbout("Pod", c.pod), func(e *corev1.Event) bool {
		_, killed := message.KilledByProbe(e.Message)
		return killed && concerns(e, c) && !snapshot.Last(e).Before(end.StartedAt.Time)
	})
	if killing == nil {
		return "", false
	}
	return message.KilledByProbe(killing.Message)
}

// concerns says whether the event is about this container of its pod.
func concerns(e *corev1.Event, c container) bool {
	return strings.HasSuffix(e.InvolvedObject.FieldPath, "{"+c.spec.Name+"}")
}
