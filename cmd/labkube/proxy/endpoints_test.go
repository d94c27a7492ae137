package proxy

import (
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func TestEndpointChoice(t *testing.T) {
	const here, here2, there = "10.244.1.6", "10.244.1.7", "10.244.2.5"
	eps := func(e ...discoveryv1.Endpoint) []discoveryv1.Endpoint { return e }
	for name, tc := range map[string]struct {
		endpoints           []discoveryv1.Endpoint
		all, local, serving []netip.AddrPort
	}{
		"none": {},
		"ready everywhere": {
			eps(at(there, ready), at(here, ready)),
			targets(here+":8080", there+":8080"), targets(here + ":8080"), targets(here+":8080", there+":8080"),
		},
		"not ready is left out": {
			eps(at(here, notReady), at(there, ready)),
			targets(there + ":8080"), nil, targets(there + ":8080"),
		},
		"terminating is left out while another is ready": {
			eps(at(here, terminatingServing), at(there, ready)),
			targets(there + ":8080"), targets(here + ":8080"), targets(here+":8080", there+":8080"),
		},
		"terminating serves while none is ready": {
			eps(at(here, terminatingServing), at(here2, notReady), at(there, terminatingDead)),
			targets(here + ":8080"), targets(here + ":8080"), targets(here + ":8080"),
		},
		"nobody serves": {eps(at(here, terminatingDead), at(there, notReady)), nil, nil, nil},
		// What the controller makes of publishNotReadyAddresses.
		"published though not ready": {
			eps(published(here)), targets(here + ":8080"), targets(here + ":8080"), targets(here + ":8080"),
		},
		"no conditions means ready": {
			eps(discoveryv1.Endpoint{Addresses: []string{there}}),
			targets(there + ":8080"), nil, targets(there + ":8080"),
		},
		"not IPv4": {eps(discoveryv1.Endpoint{Addresses: []string{"fd00::1"}}, discoveryv1.Endpoint{}), nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := onePort(t, []*discoveryv1.EndpointSlice{slice("web", tc.endpoints...)})
			for _, c := range []struct {
				what      string
				got, want []netip.AddrPort
			}{{"all", p.all, tc.all}, {"local", p.local, tc.local}, {"serving", p.serving, tc.serving}} {
				if !slices.Equal(c.got, c.want) {
					t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
				}
			}
		})
	}
}

func published(addr string) discoveryv1.Endpoint {
	e := at(addr, notReady)
	yes := true
	e.Conditions.Ready = &yes
	return e
}

func onePort(t *testing.T, epSlices []*discoveryv1.EndpointSlice) port {
	t.Helper()
	ports := portsOf([]*corev1.Service{service("web", "10.96.1.1")}, epSlices, "node")
	if len(ports) != 1 {
		t.Fatalf("%d ports, want 1", len(ports))
	}
	return ports[0]
}

// An endpoint on its way from one slice to another is in both for a while.
func TestDuplicateInTwoSlicesCountsOnce(t *testing.T) {
	old, new := slice("web", at("10.244.1.6", notReady)), slice("web", at("10.244.1.6", ready))
	for _, order := range [][]*discoveryv1.EndpointSlice{{old, new}, {new, old}} {
		if got, want := onePort(t, order).all, targets("10.244.1.6:8080"); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// A named target port may have another number in every pod: in another slice.
func TestNamedTargetPorts(t *testing.T) {
	other := slice("web", at("10.244.2.5", ready))
	number := int32(9090)
	other.Ports[0].Port = &number
	noPort := slice("web", at("10.244.2.6", ready))
	noPort.Ports = noPort.Ports[1:]
	ipv6 := slice("web", at("10.244.2.7", ready))
	ipv6.AddressType = discoveryv1.AddressTypeIPv6
	got := onePort(t, []*discoveryv1.EndpointSlice{slice("web", at("10.244.1.6", ready)), other, noPort, ipv6}).all
	if want := targets("10.244.1.6:8080", "10.244.2.5:9090"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
