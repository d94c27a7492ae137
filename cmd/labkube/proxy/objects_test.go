package proxy

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// service returns a Service with one port, 80 on TCP.
func service(name, clusterIP string, change ...func(*corev1.Service)) *corev1.Service {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: clusterIP, ClusterIPs: []string{clusterIP},
			Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}},
		},
	}
	for _, c := range change {
		c(svc)
	}
	return svc
}

func withUDP(svc *corev1.Service) {
	svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: "u", Port: 80, Protocol: corev1.ProtocolUDP})
}

func withNodePort(number int32) func(*corev1.Service) {
	return func(svc *corev1.Service) {
		svc.Spec.Type = corev1.ServiceTypeNodePort
		svc.Spec.Ports[0].NodePort = number
	}
}

func withAffinity(seconds int32) func(*corev1.Service) {
	return func(svc *corev1.Service) {
		svc.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		svc.Spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
	}
}

func internalLocal(svc *corev1.Service) {
	local := corev1.ServiceInternalTrafficPolicyLocal
	svc.Spec.InternalTrafficPolicy = &local
}

func externalLocal(svc *corev1.Service) {
	svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
}

func withExternalIP(addr string) func(*corev1.Service) {
	return func(svc *corev1.Service) { svc.Spec.ExternalIPs = append(svc.Spec.ExternalIPs, addr) }
}

// slice returns a slice of a Service, its port 8080 for TCP and UDP.
func slice(svc string, eps ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	tcpName, udpName, number := "", "u", int32(8080)
	tcpProto, udpProto := corev1.ProtocolTCP, corev1.ProtocolUDP
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: svc + "-1",
			Labels: map[string]string{discoveryv1.LabelServiceName: svc},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   eps,
		Ports: []discoveryv1.EndpointPort{
			{Name: &tcpName, Protocol: &tcpProto, Port: &number},
			{Name: &udpName, Protocol: &udpProto, Port: &number},
		},
	}
}

type condition int

const (
	ready condition = iota
	notReady
	terminatingServing
	terminatingDead
)

// at returns an endpoint. Addresses in 10.244.1.0/24 are on "node".
func at(addr string, c condition) discoveryv1.Endpoint {
	isReady := c == ready
	serving := c == ready || c == terminatingServing
	terminating := c == terminatingServing || c == terminatingDead
	node := "node2"
	if netip.MustParsePrefix("10.244.1.0/24").Contains(netip.MustParseAddr(addr)) {
		node = "node"
	}
	return discoveryv1.Endpoint{
		Addresses: []string{addr}, NodeName: &node,
		Conditions: discoveryv1.EndpointConditions{Ready: &isReady, Serving: &serving, Terminating: &terminating},
	}
}

func readyAt(addrs ...string) []discoveryv1.Endpoint {
	var out []discoveryv1.Endpoint
	for _, a := range addrs {
		out = append(out, at(a, ready))
	}
	return out
}

func targets(addrs ...string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, a := range addrs {
		out = append(out, netip.MustParseAddrPort(a))
	}
	return out
}
