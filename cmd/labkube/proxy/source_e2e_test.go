//go:build e2e

package proxy

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
)

// expect is who asks whom, who shall answer, and as whom they shall see the client.
type expect struct {
	from      place
	to        string
	answers   string // empty: nobody, and the client is left waiting
	asAddress string
}

func (w *world) expect(network string, cases ...expect) {
	w.t.Helper()
	for _, tc := range cases {
		name, saw, err := tc.from.ask(network, tc.to)
		if tc.answers == "" {
			if ne, ok := err.(interface{ Timeout() bool }); !ok || !ne.Timeout() {
				w.t.Errorf("%s to %s %s: %q answered, error %v; want no answer", tc.from.name, network, tc.to, name, err)
			}
			continue
		}
		if err != nil || name != tc.answers || saw != tc.asAddress {
			w.t.Errorf("%s to %s %s: %q saw %q, error %v; want %q to see %q",
				tc.from.name, network, tc.to, name, saw, err, tc.answers, tc.asAddress)
		}
	}
}

func TestClusterAddressKeepsPodsAddress(t *testing.T) {
	w := newWorld(t)
	client, near, far := w.pod("client", 5), w.pod("near", 6), w.remotePod("far", 5)
	w.serve(near, 8080)
	w.serve(far, 8080)
	w.start(
		service("near", "10.96.1.1", withUDP), slice("near", readyAt("10.244.1.6")...),
		service("far", "10.96.1.2", withUDP), slice("far", readyAt("10.244.2.5")...))
	for _, network := range []string{"tcp4", "udp4"} {
		w.expect(network,
			expect{client, "10.96.1.1:80", "near", "10.244.1.5"},
			expect{client, "10.96.1.2:80", "far", "10.244.1.5"},
			expect{near, "10.96.1.1:80", "near", "10.244.1.1"}, // hairpin
			expect{w.node, "10.96.1.1:80", "near", "10.244.1.1"},
			expect{w.node, "10.96.1.2:80", "far", "10.98.0.11"},
		)
	}
}

func TestNodePort(t *testing.T) {
	w := newWorld(t)
	client, near, far := w.pod("client", 5), w.pod("near", 6), w.remotePod("far", 5)
	w.serve(near, 8080)
	w.serve(far, 8080)
	udpToo := func(svc *corev1.Service) {
		withUDP(svc)
		svc.Spec.Ports[1].NodePort = svc.Spec.Ports[0].NodePort
	}
	w.start(
		service("near", "10.96.1.1", withNodePort(30080), udpToo, withExternalIP("198.51.100.7")), slice("near", readyAt("10.244.1.6")...),
		service("far", "10.96.1.2", withNodePort(30081), udpToo), slice("far", readyAt("10.244.2.5")...))
	w.route(w.handle(w.outside), "198.51.100.7/32", "10.98.0.11")
	for _, network := range []string{"tcp4", "udp4"} {
		w.expect(network,
			expect{w.outside, "10.98.0.11:30080", "near", "10.244.1.1"},
			expect{w.outside, "10.98.0.11:30081", "far", "10.98.0.11"},
			expect{w.outside, "198.51.100.7:80", "near", "10.244.1.1"},
			expect{w.node, "10.98.0.11:30080", "near", "10.244.1.1"},
			expect{w.node, "127.0.0.1:30080", "near", "10.244.1.1"},
			expect{w.node, "127.0.0.1:30081", "far", "10.98.0.11"},
			expect{client, "10.98.0.11:30080", "near", "10.244.1.1"},
			expect{client, "10.244.1.1:30081", "far", "10.98.0.11"},
			expect{near, "10.98.0.11:30080", "near", "10.244.1.1"}, // hairpin
		)
	}
}

func TestExternalTrafficPolicyLocal(t *testing.T) {
	w := newWorld(t)
	client, near, far := w.pod("client", 5), w.pod("near", 6), w.remotePod("far", 5)
	w.serve(near, 8080)
	w.serve(far, 8080)
	w.start(
		service("both", "10.96.1.1", withNodePort(30080), externalLocal), slice("both", readyAt("10.244.1.6", "10.244.2.5")...),
		service("far", "10.96.1.2", withNodePort(30081), externalLocal), slice("far", readyAt("10.244.2.5")...))
	for range 20 {
		w.expect("tcp4", expect{w.outside, "10.98.0.11:30080", "near", "10.98.0.1"})
	}
	w.expect("tcp4",
		expect{w.outside, "10.98.0.11:30081", "", ""},
		expect{client, "10.98.0.11:30081", "far", "10.244.1.5"},
		expect{w.node, "127.0.0.1:30081", "far", "10.98.0.11"},
	)
}

func TestInternalTrafficPolicyLocal(t *testing.T) {
	w := newWorld(t)
	client, near, far := w.pod("client", 5), w.pod("near", 6), w.remotePod("far", 5)
	w.serve(near, 8080)
	w.serve(far, 8080)
	w.start(
		service("both", "10.96.1.1", internalLocal), slice("both", readyAt("10.244.1.6", "10.244.2.5")...),
		service("far", "10.96.1.2", internalLocal), slice("far", readyAt("10.244.2.5")...))
	for range 20 {
		w.expect("tcp4", expect{client, "10.96.1.1:80", "near", "10.244.1.5"})
	}
	w.expect("tcp4", expect{client, "10.96.1.2:80", "", ""})
}

func TestMasqueradeOnlyOutOfTheCluster(t *testing.T) {
	w := newWorld(t)
	client, far := w.pod("client", 5), w.remotePod("far", 5)
	w.serve(far, 8080)
	w.serve(w.node2, 8080)
	w.serve(w.outside, 8080)
	internet := w.outside
	internet.addr = netip.MustParseAddr("203.0.113.1")
	w.serve(internet, 8080)
	w.start()
	for _, network := range []string{"tcp4", "udp4"} {
		w.expect(network,
			expect{client, "203.0.113.1:8080", "outside", "10.98.0.11"},
			expect{client, "10.98.0.1:8080", "outside", "10.98.0.11"},
			expect{client, "10.98.0.12:8080", "node2", "10.244.1.5"},
			expect{client, "10.244.2.5:8080", "far", "10.244.1.5"},
		)
	}
}

// Without br_netfilter a reply between neighbours would cross the bridge
// untranslated, so they must see the node.
func TestWithoutBridgeFilter(t *testing.T) {
	w := newWorld(t)
	client, near, far := w.pod("client", 5), w.pod("near", 6), w.remotePod("far", 5)
	w.serve(near, 8080)
	w.serve(far, 8080)
	a := w.start() // for the kernel parameters
	a.stop()
	w.sysctl(sysctlBridge, "0")
	opt := Options{NodeName: "node", NodeIP: w.node.addr, PodCIDR: netip.MustParsePrefix("10.244.1.0/24")}
	n, err := opt.node()
	w.must(err)
	tab := table{node: n}
	t.Cleanup(func() { w.must(tab.remove()) })
	w.must(tab.sync(rulesetOf([]port{
		{name: "near", proto: tcp, number: 80, cluster: netip.MustParseAddr("10.96.1.1"), all: targets("10.244.1.6:8080")},
		{name: "far", proto: tcp, number: 80, cluster: netip.MustParseAddr("10.96.1.2"), all: targets("10.244.2.5:8080")},
	}, n)))
	w.expect("tcp4",
		expect{client, "10.96.1.1:80", "near", "10.244.1.1"},
		expect{near, "10.96.1.1:80", "near", "10.244.1.1"},
		expect{client, "10.96.1.2:80", "far", "10.244.1.5"},
	)
}

// Endpoints in the host's network: the API server, the cluster's DNS.
func TestHostNetworkEndpoints(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	w.serve(w.node, 8080)
	w.serve(w.node2, 8080)
	w.start(
		service("here", "10.96.1.1", withUDP), slice("here", readyAt("10.98.0.11")...),
		service("there", "10.96.1.2", withUDP), slice("there", readyAt("10.98.0.12")...))
	for _, network := range []string{"tcp4", "udp4"} {
		w.expect(network,
			expect{client, "10.96.1.1:80", "node", "10.244.1.5"},
			expect{client, "10.96.1.2:80", "node2", "10.244.1.5"},
			expect{w.node, "10.96.1.2:80", "node2", "10.98.0.11"},
		)
		if name, _, err := w.node.ask(network, "10.96.1.1:80"); err != nil || name != "node" {
			t.Errorf("the node to itself by %s: %q answered, error %v", network, name, err)
		}
	}
}

// Node ports on 127.0.0.1 need route_localnet, which would show pods what
// listens there.
func TestLoopbackIsGuarded(t *testing.T) {
	w := newWorld(t)
	client := w.pod("client", 5)
	h := w.handle(client)
	own, err := netlink.ParseAddr("127.0.0.1/8")
	w.must(err)
	w.must(h.AddrDel(w.link(h, "lo"), own))
	w.route(h, "127.0.0.1/32", "10.244.1.1")
	w.must(client.do(func() error { return turnOn(sysctlLocalnet) }))
	pc, err := net.ListenPacket("udp4", "127.0.0.1:9999")
	w.must(err)
	defer pc.Close()
	arrives := func() bool {
		t.Helper()
		c, err := client.dial("udp4", "127.0.0.1:9999")
		w.must(err)
		defer c.Close()
		_, err = c.Write([]byte("?"))
		w.must(err)
		w.must(pc.SetReadDeadline(time.Now().Add(300 * time.Millisecond)))
		_, _, err = pc.ReadFrom(make([]byte, 8))
		return err == nil
	}
	w.must(turnOn(sysctlLocalnet))
	if !arrives() {
		t.Fatal("the packet does not arrive even without a guard: the test proves nothing")
	}
	w.start()
	if arrives() {
		t.Error("a pod reached what listens on the node's 127.0.0.1")
	}
}
