package proxy

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func TestStaleFlow(t *testing.T) {
	svc := service("web", "10.96.1.1", withUDP, func(s *corev1.Service) { s.Spec.Ports[1].NodePort = 30053 })
	ports := portsOf([]*corev1.Service{svc}, []*discoveryv1.EndpointSlice{slice("web", readyAt("10.244.1.6")...)}, "node")
	filter := staleFlow{
		endpoints: udpEndpointsOf(ports),
		local:     map[netip.Addr]bool{netip.MustParseAddr("10.98.0.11"): true},
	}
	for name, tc := range map[string]struct {
		proto    protocol
		to       string
		answerer string
		want     bool
	}{
		"to its endpoint":             {udp, "10.96.1.1:80", "10.244.1.6:8080", false},
		"to a gone endpoint":          {udp, "10.96.1.1:80", "10.244.1.9:8080", true},
		"to another port of it":       {udp, "10.96.1.1:80", "10.244.1.6:8081", true},
		"untranslated":                {udp, "10.96.1.1:80", "10.96.1.1:80", true},
		"TCP":                         {tcp, "10.96.1.1:80", "10.244.1.9:8080", false},
		"no Service":                  {udp, "10.96.1.2:80", "10.244.1.9:8080", false},
		"node port":                   {udp, "10.98.0.11:30053", "10.244.1.6:8080", false},
		"node port, gone":             {udp, "10.98.0.11:30053", "10.98.0.11:30053", true},
		"same number at someone else": {udp, "192.0.2.1:30053", "192.0.2.1:30053", false},
	} {
		to, from := netip.MustParseAddrPort(tc.to), netip.MustParseAddrPort(tc.answerer)
		flow := &netlink.ConntrackFlow{
			Forward: netlink.IPTuple{Protocol: uint8(tc.proto), DstIP: net.IP(to.Addr().AsSlice()), DstPort: to.Port()},
			Reverse: netlink.IPTuple{Protocol: uint8(tc.proto), SrcIP: net.IP(from.Addr().AsSlice()), SrcPort: from.Port()},
		}
		if got := filter.MatchConntrackFlow(flow); got != tc.want {
			t.Errorf("%s: delete %v, want %v", name, got, tc.want)
		}
	}
}

func TestChangedFlows(t *testing.T) {
	a, b, c := frontend{port: 1}, frontend{port: 2}, frontend{port: 3}
	one, two := targets("10.244.1.6:53"), targets("10.244.1.7:53")
	got := changedFlows(udpEndpoints{a: one, b: one, c: one}, udpEndpoints{a: one, b: two})
	if eps, ok := got[c]; len(got) != 2 || !slices.Equal(got[b], two) || !ok || eps != nil {
		t.Errorf("%v, want b with its new endpoint and c with none", got)
	}
}
