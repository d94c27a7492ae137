package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// service explains why no pod is behind a Service.
func (x explainer) service(s *corev1.Service) []Cause {
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		return x.externalName(s)
	}
	if len(s.Spec.Selector) == 0 {
		return x.unselective(s)
	}
	pods := x.Selected(s.Spec.Selector)
	ready := slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return !isReady(p) })
	switch {
	case len(pods) == 0:
		return append(x.noEndpoints(s, "no pod carries its labels"), x.unselected(s)...)
	case len(ready) == 0:
		return x.behindUnready(s, pods)
	}
	return x.lostTargetPort(s, pods)
}

func (x explainer) noEndpoints(s *corev1.Service, why string) []Cause {
	return []Cause{
		seen(NoEndpoints, "Service %s has no endpoints: %s.", s.Name, why),
		look(NoEndpoints, "See for yourself: %s", x.kubectl("get endpointslices -l kubernetes.io/service-name=%s", s.Name)),
	}
}

// unselective explains a Service without a selector: somebody has to write its
// endpoints.
func (x explainer) unselective(s *corev1.Service) []Cause {
	if x.hasEndpoints(s) {
		return nil
	}
	return append(x.noEndpoints(s, "it has no selector"),
		look(NoSelector, "Without a selector Kubernetes looks for no pods: endpoints would have to be written by hand."),
		fix(NoSelector, "Give it the labels of your pods: %s", x.kubectl("set selector service %s KEY=VALUE", s.Name)))
}

func (x explainer) hasEndpoints(s *corev1.Service) bool {
	for i := range x.EndpointSlices {
		slice := &x.EndpointSlices[i]
		if slice.Labels[discoveryv1.LabelServiceName] == s.Name && len(slice.Endpoints) > 0 {
			return true
		}
	}
	return false
}

// unselected explains a selector that matches no pod: the workload that would
// make such pods makes none, they are elsewhere, or the labels differ.
func (x explainer) unselected(s *corev1.Service) []Cause {
	want := labels.SelectorFromSet(s.Spec.Selector)
	for _, t := range x.templates() {
		if t.kind == "Pod" || !want.Matches(labels.Set(t.labels)) {
			continue
		}
		if chain := x.object(t.kind, t.name); chain != nil {
			return chain
		}
		return nil // its pods are on their way
	}
	return x.selectorMismatch("Service "+s.Name, s.Spec.Selector)
}

func (x explainer) behindUnready(s *corev1.Service, pods []*corev1.Pod) []Cause {
	_, chain := x.worst(pods)
	if chain == nil {
		return nil // they are on their way
	}
	none := "none of the " + count(len(pods), "pod") + " it selects is Ready"
	if len(pods) == 1 {
		none = "the one pod it selects is not Ready"
	}
	unready := seen(NotReady, "A Service sends requests only to pods that are Ready. Ready of those it selects: 0 of %d.", len(pods))
	return append(append(x.noEndpoints(s, none), unready), chain...)
}

// lostTargetPort explains a targetPort whose name no container knows: such a
// Service has endpoints without that port.
func (x explainer) lostTargetPort(s *corev1.Service, pods []*corev1.Pod) []Cause {
	for i := range s.Spec.Ports {
		port := &s.Spec.Ports[i]
		if port.TargetPort.Type != intstr.String {
			continue
		}
		if !slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return hasPort(declared(p), port.TargetPort) }) {
			return x.wrongTargetPort(s, port, pods[0])
		}
	}
	return nil
}

// wrongTargetPort explains a port of a Service that leads to a port of the pods
// on which nothing listens.
func (x explainer) wrongTargetPort(s *corev1.Service, port *corev1.ServicePort, p *corev1.Pod) []Cause {
	target := targetPort(port)
	chain := []Cause{
		seen(WrongTargetPort, "Port %s of Service %s leads to port %s of the pods.", portName(port.Port, port.Name), s.Name, target.String()),
	}
	ports := declared(p)
	if len(ports) == 0 || hasPort(ports, target) {
		return append(chain, look(WrongTargetPort, "On which port do the pods really listen? %s", x.kubectl("logs %s", p.Name)))
	}
	return append(chain,
		look(WrongTargetPort, "The pods say (containerPort) that they listen on %s, not on %s.", portList(ports), target.String()),
		fix(WrongTargetPort, "Set targetPort of Service %s to %s.", s.Name, portList(ports[:1])))
}

// targetPort follows the API's default: the port itself.
func targetPort(port *corev1.ServicePort) intstr.IntOrString {
	if port.TargetPort == (intstr.IntOrString{}) {
		return intstr.FromInt32(port.Port)
	}
	return port.TargetPort
}
