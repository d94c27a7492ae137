package proxy

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// maxTargets bounds the endpoints of one port, as one netlink attribute must
// hold them all. The Endpoints API truncates at the same number.
const maxTargets = 1000

// endpoint is who answers for a port, with the conditions that decide whether
// new clients may be sent there.
type endpoint struct {
	target                            netip.AddrPort
	local, ready, answers, terminates bool
}

type endpoints []endpoint

// choose returns the targets for new clients: the ready ones; if none is, those
// that terminate but still serve. That is what keeps a Service with one replica
// reachable until its successor takes over.
func (eps endpoints) choose(local bool) []netip.AddrPort {
	ready := eps.targets(func(e endpoint) bool { return e.ready && (e.local || !local) })
	if len(ready) > 0 {
		return ready
	}
	return eps.targets(func(e endpoint) bool { return e.answers && e.terminates && (e.local || !local) })
}

func (eps endpoints) serving() []netip.AddrPort {
	return eps.targets(func(e endpoint) bool { return e.answers || e.ready })
}

func (eps endpoints) targets(keep func(endpoint) bool) []netip.AddrPort {
	var out []netip.AddrPort
	for _, e := range eps {
		if keep(e) && len(out) < maxTargets {
			out = append(out, e.target)
		}
	}
	return out
}

// slicesByService groups the IPv4 slices by the Service they belong to.
func slicesByService(all []*discoveryv1.EndpointSlice) map[string][]*discoveryv1.EndpointSlice {
	by := map[string][]*discoveryv1.EndpointSlice{}
	for _, s := range all {
		if name := s.Labels[discoveryv1.LabelServiceName]; name != "" && s.AddressType == discoveryv1.AddressTypeIPv4 {
			key := s.Namespace + "/" + name
			by[key] = append(by[key], s)
		}
	}
	return by
}

// endpointsOf returns the endpoints of one Service port, ordered by address.
// While endpoints move between slices one may appear in two: it counts once,
// with the better of both conditions.
func endpointsOf(owned []*discoveryv1.EndpointSlice, sp corev1.ServicePort, nodeName string) endpoints {
	best := map[netip.AddrPort]endpoint{}
	for _, s := range owned {
		number, ok := targetPort(s, sp)
		if !ok {
			continue
		}
		for _, in := range s.Endpoints {
			e, ok := endpointFrom(in, number, nodeName)
			if old, seen := best[e.target]; ok && (!seen || e.rank() > old.rank()) {
				best[e.target] = e
			}
		}
	}
	out := make(endpoints, 0, len(best))
	for _, e := range best {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b endpoint) int { return a.target.Compare(b.target) })
	return out
}

func (e endpoint) rank() int {
	switch {
	case e.ready:
		return 2
	case e.answers:
		return 1
	}
	return 0
}

// targetPort finds the slice's port for a Service port: the controller has
// resolved named target ports, pod by pod, so only names need to agree.
func targetPort(s *discoveryv1.EndpointSlice, sp corev1.ServicePort) (uint16, bool) {
	want, _ := protocolOf(sp.Protocol)
	for _, p := range s.Ports {
		proto, ok := protocolOf(deref(p.Protocol))
		if ok && proto == want && deref(p.Name) == sp.Name && p.Port != nil {
			return uint16(*p.Port), true
		}
	}
	return 0, false
}

func endpointFrom(in discoveryv1.Endpoint, number uint16, nodeName string) (endpoint, bool) {
	if len(in.Addresses) == 0 {
		return endpoint{}, false
	}
	// Only the first address counts: the API says so.
	addr, err := netip.ParseAddr(in.Addresses[0])
	if err != nil || !addr.Is4() {
		return endpoint{}, false
	}
	ready := in.Conditions.Ready == nil || *in.Conditions.Ready
	answers := ready
	if in.Conditions.Serving != nil {
		answers = *in.Conditions.Serving
	}
	return endpoint{
		target:     netip.AddrPortFrom(addr, number),
		local:      deref(in.NodeName) == nodeName,
		ready:      ready,
		answers:    answers,
		terminates: deref(in.Conditions.Terminating),
	}, true
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
