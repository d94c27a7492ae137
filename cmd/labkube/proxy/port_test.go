package proxy

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestServicesWithoutPorts(t *testing.T) {
	for name, svc := range map[string]*corev1.Service{
		"headless":      service("web", corev1.ClusterIPNone),
		"external name": service("web", "", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName }),
		"IPv6":          service("web", "fd00::1"),
		"not yet there": service("web", ""),
		"SCTP":          service("web", "10.96.1.1", func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolSCTP }),
	} {
		t.Run(name, func(t *testing.T) {
			if ports := portsOf([]*corev1.Service{svc}, nil, "node"); len(ports) != 0 {
				t.Errorf("%+v, want no port", ports)
			}
		})
	}
}

func TestDualStackServiceUsesItsIPv4Address(t *testing.T) {
	svc := service("web", "fd00::1", func(s *corev1.Service) { s.Spec.ClusterIPs = []string{"fd00::1", "10.96.1.1"} })
	ports := portsOf([]*corev1.Service{svc}, nil, "node")
	if len(ports) != 1 || ports[0].cluster.String() != "10.96.1.1" {
		t.Errorf("%+v, want one port at 10.96.1.1", ports)
	}
}

func TestExternalAddresses(t *testing.T) {
	proxyMode := corev1.LoadBalancerIPModeProxy
	svc := service("web", "10.96.1.1", withExternalIP("198.51.100.7"), withExternalIP("fd00::7"), func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeLoadBalancer
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{
			{IP: "198.51.100.8"}, {Hostname: "lb.example"}, {IP: "198.51.100.7"}, {IP: "198.51.100.9", IPMode: &proxyMode},
		}
	})
	var got []string
	for _, a := range externalAddrs(svc) {
		got = append(got, a.String())
	}
	if len(got) != 2 || got[0] != "198.51.100.7" || got[1] != "198.51.100.8" {
		t.Errorf("%v, want 198.51.100.7 and 198.51.100.8", got)
	}
}

func TestAffinityTimeout(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*corev1.Service)
		want   time.Duration
	}{
		"none":    {func(*corev1.Service) {}, 0},
		"default": {func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }, 3 * time.Hour},
		"set":     {withAffinity(30), 30 * time.Second},
	} {
		if got := affinityOf(service("web", "10.96.1.1", tc.change)); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
