package proxy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// protocol is an IP protocol number.
type protocol uint8

const (
	tcp protocol = 6
	udp protocol = 17
)

// port is one port of one Service: where its clients send, and who answers.
type port struct {
	name     string // namespace/name/protocol/number: unique and stable
	proto    protocol
	number   uint16
	cluster  netip.Addr   // the cluster address
	external []netip.Addr // external and load balancer addresses
	nodePort uint16       // 0: none
	affinity time.Duration

	internalLocal, externalLocal bool // traffic policies

	all     []netip.AddrPort // endpoints for any client
	local   []netip.AddrPort // those for clients bound to this node
	serving []netip.AddrPort // all that still answer, also those that get no new clients
}

// internal and outside return the endpoints for clients of the cluster address
// and for clients of all others.
func (p port) internal() []netip.AddrPort { return pick(p.internalLocal, p.local, p.all) }
func (p port) outside() []netip.AddrPort  { return pick(p.externalLocal, p.local, p.all) }

func pick(local bool, here, anywhere []netip.AddrPort) []netip.AddrPort {
	if local {
		return here
	}
	return anywhere
}

// frontends returns the addresses, other than node ports, that clients use.
func (p port) frontends() []frontend {
	fs := []frontend{{p.cluster, p.proto, p.number}}
	for _, a := range p.external {
		fs = append(fs, frontend{a, p.proto, p.number})
	}
	return fs
}

// portsOf returns the ports that the node must serve, in a stable order.
// Headless and external-name Services have none.
func portsOf(services []*corev1.Service, epSlices []*discoveryv1.EndpointSlice, nodeName string) []port {
	bySvc := slicesByService(epSlices)
	var ports []port
	for _, svc := range services {
		addr, ok := clusterAddr(svc)
		if !ok {
			continue
		}
		owned := bySvc[svc.Namespace+"/"+svc.Name]
		for _, sp := range svc.Spec.Ports {
			proto, ok := protocolOf(sp.Protocol)
			if !ok {
				continue
			}
			p := port{
				name:          fmt.Sprintf("%s/%s/%s/%d", svc.Namespace, svc.Name, proto, sp.Port),
				proto:         proto,
				number:        uint16(sp.Port),
				cluster:       addr,
				external:      externalAddrs(svc),
				nodePort:      uint16(sp.NodePort),
				affinity:      affinityOf(svc),
				internalLocal: isLocal(svc.Spec.InternalTrafficPolicy),
				externalLocal: svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal,
			}
			eps := endpointsOf(owned, sp, nodeName)
			p.all, p.local, p.serving = eps.choose(false), eps.choose(true), eps.serving()
			ports = append(ports, p)
		}
	}
	slices.SortFunc(ports, func(a, b port) int { return cmp.Compare(a.name, b.name) })
	return ports
}

func clusterAddr(svc *corev1.Service) (netip.Addr, bool) {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return netip.Addr{}, false
	}
	for _, s := range append([]string{svc.Spec.ClusterIP}, svc.Spec.ClusterIPs...) {
		if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
			return a, true
		}
	}
	return netip.Addr{}, false
}

func externalAddrs(svc *corev1.Service) []netip.Addr {
	addrs := svc.Spec.ExternalIPs
	if svc.Spec.Type == corev1.ServiceTypeLoadBalancer {
		for _, in := range svc.Status.LoadBalancer.Ingress {
			if in.IPMode == nil || *in.IPMode == corev1.LoadBalancerIPModeVIP {
				addrs = append(slices.Clip(addrs), in.IP)
			}
		}
	}
	var out []netip.Addr
	for _, s := range addrs {
		if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// affinityOf returns how long a client stays with its endpoint, 0 for not at all.
func affinityOf(svc *corev1.Service) time.Duration {
	if svc.Spec.SessionAffinity != corev1.ServiceAffinityClientIP {
		return 0
	}
	seconds := corev1.DefaultClientIPServiceAffinitySeconds
	if c := svc.Spec.SessionAffinityConfig; c != nil && c.ClientIP != nil && c.ClientIP.TimeoutSeconds != nil {
		seconds = *c.ClientIP.TimeoutSeconds
	}
	return time.Duration(seconds) * time.Second
}

func isLocal(p *corev1.ServiceInternalTrafficPolicy) bool {
	return p != nil && *p == corev1.ServiceInternalTrafficPolicyLocal
}

func protocolOf(p corev1.Protocol) (protocol, bool) {
	switch p {
	case corev1.ProtocolTCP, "":
		return tcp, true
	case corev1.ProtocolUDP:
		return udp, true
	}
	return 0, false
}

func (p protocol) String() string {
	if p == udp {
		return "udp"
	}
	return "tcp"
}
