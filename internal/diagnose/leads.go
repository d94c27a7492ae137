package diagnose

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// externalName explains a Service that is only another name for a host.
func (x explainer) externalName(s *corev1.Service) []Cause {
	host := "no host at all"
	if s.Spec.ExternalName != "" {
		host = "the host " + s.Spec.ExternalName
	}
	return []Cause{
		seen(ExternalName, "Service %s is of type ExternalName: its name is another name for %s, and leads to no pods.", s.Name, host),
		look(ExternalName, "A Service that leads to pods is of type ClusterIP, NodePort or LoadBalancer. See: %s", x.kubectl("get service %s -o yaml", s.Name)),
		fix(ExternalName, "Give it type: ClusterIP, a selector and ports, and take externalName out."),
	}
}

// wrongProtocol explains a port that is not one of TCP, which HTTP takes.
func wrongProtocol(s *corev1.Service, port *corev1.ServicePort) []Cause {
	return []Cause{
		seen(WrongProtocol, "Port %s of Service %s is one for %s, and the request comes by TCP.", portName(port.Port, port.Name), s.Name, port.Protocol),
		fix(WrongProtocol, "Set protocol of that port to TCP, or leave it out: TCP is the default."),
	}
}

// isTCP follows the API's default.
func isTCP(port *corev1.ServicePort) bool {
	return port.Protocol == "" || port.Protocol == corev1.ProtocolTCP
}

func headless(s *corev1.Service) bool { return s.Spec.ClusterIP == corev1.ClusterIPNone }

// unmapped explains a refusal behind a Service without an address: its name is
// that of the pods, so no targetPort plays a part.
func (x explainer) unmapped(s *corev1.Service, port *corev1.ServicePort, p *corev1.Pod) []Cause {
	chain := []Cause{
		seen(HeadlessPort, "Service %s is headless (clusterIP: None): its name leads straight to the pods, and the request asks them on port %d.", s.Name, port.Port),
	}
	target := targetPort(port)
	if target == intstr.FromInt32(port.Port) {
		return append(chain, look(HeadlessPort, "On which port do the pods really listen? %s", x.kubectl("logs %s", p.Name)))
	}
	return append(chain,
		look(HeadlessPort, "A headless Service maps no ports: targetPort %s is of no effect for who asks by its name.", target.String()),
		fix(HeadlessPort, "Make Service %s anew without clusterIP: None, or have it and the pods use the same port.", s.Name))
}

// pinned explains why a Service loses its pods when they are replaced: its
// selector asks for a label that the present ones have and no new one will.
func (x explainer) pinned(s *corev1.Service) []Cause {
	for _, t := range x.templates() {
		if t.kind == "Pod" {
			continue
		}
		lacking := x.lacking(s, t)
		if len(lacking) == 0 {
			continue
		}
		return []Cause{
			seen(SelectorMismatch, "Service %s selects pods with %s, and no new pod of %s %s will carry that.", s.Name, pairs(lacking), t.kind, t.name),
			look(SelectorMismatch, "%s Compare: %s", whence(lacking), x.kubectl("get pods --show-labels")),
			fix(SelectorMismatch, "Take %s out of the Service's selector.", and(slices.Sorted(maps.Keys(lacking)))),
		}
	}
	return nil
}

// lacking are the labels of a Service's selector that pods of a workload have, or
// had, and its template has not.
func (x explainer) lacking(s *corev1.Service, t template) map[string]string {
	lacking := map[string]string{}
	for key, value := range s.Spec.Selector {
		if t.labels[key] != value {
			lacking[key] = value
		}
	}
	others := len(lacking) == len(s.Spec.Selector)
	for key := range lacking {
		others = others || !ofRevision(key)
	}
	if others && !x.carries(s, t) {
		return nil // it selects another workload's
	}
	return lacking
}

// carries tells whether the Service selects pods of the workload now.
func (x explainer) carries(s *corev1.Service, t template) bool {
	return slices.ContainsFunc(x.Selected(s.Spec.Selector), func(p *corev1.Pod) bool {
		kind, name := x.workloadOf(p)
		return kind == t.kind && name == t.name
	})
}

// ofRevision tells the labels that controllers give to the pods of one template.
func ofRevision(key string) bool {
	return key == appsv1.DefaultDeploymentUniqueLabelKey || key == appsv1.ControllerRevisionHashLabelKey
}

func whence(lacking map[string]string) string {
	if slices.ContainsFunc(slices.Collect(maps.Keys(lacking)), ofRevision) {
		return "That label says which revision a pod is of: the next one gets another."
	}
	return "That label is not in the pod template: somebody has put it on the pods themselves."
}
