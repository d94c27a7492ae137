package diagnose

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// notReady explains a container that runs, but whose probes keep the pod from
// being Ready.
func (x explainer) notReady(p *corev1.Pod) []Cause {
	for _, c := range containers(p) {
		r := c.status.State.Running
		if r == nil || c.status.Ready || x.Age(r.StartedAt.Time) < settling {
			continue
		}
		for _, kind := range []string{"Startup", "Readiness"} {
			if chain := x.probe(c, kind); chain != nil {
				return chain
			}
		}
	}
	return nil
}

// probeOf returns what the container is asked, and the code for its failure.
func probeOf(c *corev1.Container, kind string) (*corev1.Probe, string) {
	switch kind {
	case "Startup":
		return c.StartupProbe, StartupFailing
	case "Liveness":
		return c.LivenessProbe, LivenessFailing
	}
	return c.ReadinessProbe, ReadinessFailing
}

// probe explains a probe of this kind that fails; nil if it does not.
func (x explainer) probe(c container, kind string) []Cause {
	probe, code := probeOf(c.spec, kind)
	failed, ok := x.failure(c, kind)
	if probe == nil || !ok {
		return nil
	}
	consequence := "so the pod gets no requests"
	if kind != "Readiness" {
		consequence = "so the container is restarted"
	}
	chain := []Cause{
		seen(code, "The %s probe of %s fails, %s: %s → %s.", lower(kind), c, consequence, asks(probe), answer(failed)),
		look(code, "See the probe and its events: %s", x.kubectl("describe pod %s", c.pod.Name)),
	}
	port, named := probePort(probe)
	switch failed.Failure {
	case message.ProbeNoPort, message.ProbeRefused:
		return append(chain, x.probePort(c, kind, port, named)...)
	case message.ProbeTimeout:
		return append(chain, look(code, "It waits %d s for an answer (timeoutSeconds). Is the application slow, or does it hang?", max(probe.TimeoutSeconds, 1)))
	case message.ProbeStatus:
		return append(chain, x.probeStatus(c, code, probe, failed.Status)...)
	}
	return chain
}

// failure reads the newest word of the kubelet's on this probe, of the
// container's present life; for one that is down, of its last.
func (x explainer) failure(c container, kind string) (message.Probe, bool) {
	var failed message.Probe
	latest := snapshot.Latest(x.EventsAbout("Pod", c.pod), func(e *corev1.Event) bool {
		p, ok := message.Unhealthy(e.Message)
		return ok && p.Kind == kind && concerns(e, c)
	})
	if latest == nil {
		return failed, false
	}
	if r := c.status.State.Running; r != nil && kind != "Liveness" && snapshot.Last(latest).Before(r.StartedAt.Time) {
		return failed, false
	}
	return message.Unhealthy(latest.Message)
}

// asks writes what a probe does.
func asks(p *corev1.Probe) string {
	switch {
	case p.HTTPGet != nil:
		return fmt.Sprintf("GET %s on port %s", pathOf(p.HTTPGet), p.HTTPGet.Port.String())
	case p.TCPSocket != nil:
		return "connect to port " + p.TCPSocket.Port.String()
	case p.GRPC != nil:
		return fmt.Sprintf("gRPC health on port %d", p.GRPC.Port)
	case p.Exec != nil:
		return "run " + strings.Join(p.Exec.Command, " ")
	}
	return "probe"
}

func pathOf(get *corev1.HTTPGetAction) string {
	if get.Path == "" {
		return "/"
	}
	return get.Path
}

// answer writes what a probe got.
func answer(p message.Probe) string {
	switch {
	case p.Failure == message.ProbeStatus:
		return fmt.Sprintf("status %d", p.Status)
	case p.Failure == message.ProbeRefused:
		return "connection refused"
	case p.Failure == message.ProbeTimeout:
		return "no answer in time"
	case p.Failure == message.ProbeNoPort:
		return "there is no such port"
	case p.Detail == "":
		return "it failed without a word"
	}
	return trimDetail(p.Detail)
}

func probePort(p *corev1.Probe) (port intstr.IntOrString, ok bool) {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Port, true
	case p.TCPSocket != nil:
		return p.TCPSocket.Port, true
	case p.GRPC != nil:
		return intstr.FromInt32(p.GRPC.Port), true
	}
	return port, false
}

// probePort explains a port on which nothing answers the probe.
func (x explainer) probePort(c container, kind string, port intstr.IntOrString, known bool) []Cause {
	declared := c.spec.Ports
	if !known || len(declared) == 0 || hasPort(declared, port) {
		return []Cause{look(WrongPort, "Nothing listens on port %s of the container, or not yet. On which port does the application listen? %s",
			port.String(), x.logs(c, false))}
	}
	return []Cause{
		look(WrongPort, "The probe asks port %s, but the container says (containerPort) that it listens on %s.", port.String(), portList(declared)),
		fix(WrongPort, "Set the port of the %s probe to %s.", lower(kind), portList(declared[:1])),
	}
}

func (x explainer) probeStatus(c container, code string, p *corev1.Probe, status int) []Cause {
	switch {
	case status == 404 && p.HTTPGet != nil:
		return []Cause{look(WrongPath, "The application answers, but does not know the path %s. Which path does it offer for this?", pathOf(p.HTTPGet))}
	case status == 401 || status == 403:
		return []Cause{look(code, "The application answers, but asks for credentials that a probe does not have.")}
	}
	return []Cause{look(code, "The application answers: it says itself that it is not well. See what it prints: %s", x.logs(c, false))}
}
