package diagnose

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"labctl.dev/labctl/internal/diagnose/message"
	"labctl.dev/labctl/internal/diagnose/snapshot"
)

// Request is a request to a Service, from inside the cluster, that went wrong.
type Request struct {
	Namespace string
	Service   string
	// Port is what was asked for, by number or name; empty for the only one.
	Port string
	// Path and Status are of an HTTP request; Status is 0 without an answer.
	Path   string
	Status int
	// ErrorKind is why there was no answer: refused, timeout, dns, reset, …
	// Words that contain one of these will do, so may an error's text.
	ErrorKind string
}

// failure is what went wrong, as far as it points to a cause.
func (r Request) failure() string {
	if r.Status != 0 {
		return "status"
	}
	text := strings.ToLower(r.ErrorKind)
	for _, sign := range []struct{ text, failure string }{
		{"refused", "refused"},
		{"dns", "dns"}, {"no such host", "dns"}, {"resolve", "dns"}, {"nxdomain", "dns"},
		{"timeout", "timeout"}, {"deadline", "timeout"}, {"timed out", "timeout"},
	} {
		if strings.Contains(text, sign.text) {
			return sign.failure
		}
	}
	return ""
}

// request explains a failed request, by what stands on its way from the name to
// the application.
func (x explainer) request(r Request) []Cause {
	s := snapshot.Named(x.Services, r.Service)
	if s == nil {
		return x.absent("Service", r.Service)
	}
	port := servicePort(s, r.Port)
	switch {
	case s.Spec.Type == corev1.ServiceTypeExternalName:
		return x.externalName(s)
	case port == nil:
		return x.wrongPort(s, r.Port)
	case r.Status == 0 && !isTCP(port):
		return wrongProtocol(s, port)
	}
	if chain := x.service(s); chain != nil {
		return chain
	}
	pods := present(x.Selected(s.Spec.Selector))
	if len(pods) == 0 {
		return nil
	}
	// A pod that fails now and then explains requests that do.
	if _, chain := x.worst(pods); chain != nil {
		return chain
	}
	switch r.failure() {
	case "refused":
		return x.refusedConnection(s, port, pods[0])
	case "timeout":
		return x.timedOut(s, pods)
	case "dns":
		return []Cause{look(UnknownHost, "The name %s.%s did not resolve. Does it from a pod? nslookup %s", s.Name, x.Namespace, s.Name)}
	case "status":
		return x.badStatus(r, pods)
	}
	return x.deniedIn(pods)
}

// servicePort finds the port asked for; the only one when none is named. Of two
// that differ in their protocol alone, it is the one for TCP.
func servicePort(s *corev1.Service, port string) *corev1.ServicePort {
	var found *corev1.ServicePort
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if port == "" && len(s.Spec.Ports) == 1 || p.Name != "" && p.Name == port || strconv.Itoa(int(p.Port)) == port {
			if found == nil || isTCP(p) {
				found = p
			}
		}
	}
	return found
}

func (x explainer) wrongPort(s *corev1.Service, port string) []Cause {
	if port == "" {
		return nil
	}
	chain := []Cause{
		seen(WrongPort, "Service %s has no port %s.", s.Name, port),
		look(WrongPort, "It has: %s. See: %s", servicePorts(s), x.kubectl("get service %s", s.Name)),
	}
	if len(s.Spec.Ports) == 1 {
		chain = append(chain, fix(WrongPort, "Set its port to %s; targetPort says where the pods listen.", port))
	}
	return chain
}

func (x explainer) refusedConnection(s *corev1.Service, port *corev1.ServicePort, p *corev1.Pod) []Cause {
	if headless(s) {
		refused := seen(ConnectionRefused, "The pods are Ready, but refuse the connection: nothing listens where the request goes.")
		return append([]Cause{refused}, x.unmapped(s, port, p)...)
	}
	chain := []Cause{seen(ConnectionRefused, "The pods are Ready, but refuse the connection: nothing listens where Service %s sends it.", s.Name)}
	return append(chain, x.wrongTargetPort(s, port, p)...)
}

// timedOut explains a request that got no answer: a policy that lets none in,
// or an application that takes its time.
func (x explainer) timedOut(s *corev1.Service, pods []*corev1.Pod) []Cause {
	chain := []Cause{seen(TimedOut, "Nothing came back from Service %s in time.", s.Name)}
	if name := x.isolatedBy(pods[0]); name != "" {
		return append(chain,
			look(NetworkPolicy, "NetworkPolicy %s governs who may reach its pods: %s", name, x.kubectl("describe networkpolicy %s", name)))
	}
	return append(chain, look(TimedOut, "The pods are Ready: is the application slow, or does it hang? %s", x.kubectl("logs %s", pods[0].Name)))
}

// badStatus explains an answer that says that something is wrong.
func (x explainer) badStatus(r Request, pods []*corev1.Pod) []Cause {
	switch {
	case r.Status == 404:
		return []Cause{look(WrongPath, "The application answers, but knows nothing under the path %s.", r.Path)}
	case r.Status < 500:
		return x.stale(pods)
	}
	if chain := x.deniedIn(pods); chain != nil {
		return chain
	}
	p := pods[0]
	chain := []Cause{seen(AppError, "The application answers with status %d: the request reaches it, and it fails there.", r.Status)}
	lines := message.Tail(x.Log(snapshot.LogRef{Pod: p.Name, Container: p.Spec.Containers[0].Name}), 5)
	if len(lines) == 0 {
		return chain
	}
	return append(chain, look(AppError, "The last it printed (%s):\n  %s", x.kubectl("logs %s", p.Name), strings.Join(lines, "\n  ")))
}
