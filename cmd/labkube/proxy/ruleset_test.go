package proxy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func testNode(t *testing.T) node {
	t.Helper()
	n, err := Options{
		NodeName: "node", NodeIP: netip.MustParseAddr("10.98.0.11"), PodCIDR: netip.MustParsePrefix("10.244.1.0/24"),
	}.node()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// walk follows a new connection through the ruleset as the kernel would. It
// returns where it may end: "reject", "drop", "" for not a Service's, or the
// targets, with " masqueraded" if they see the node's address.
func (rs ruleset) walk(f frontend, from origin) string {
	if chain, ok := rs.verdicts[mapOf(f, mapServices, mapNodePorts)][f]; ok {
		if end := rs.follow(chain, from, false); end != "" {
			return end
		}
	}
	return rs.verdicts[mapOf(f, mapRefused, mapRefusedNP)][f]
}

func (rs ruleset) follow(chain string, from origin, masq bool) string {
	rules, ok := rs.chains[chain]
	if !ok {
		return "no such chain: " + chain
	}
	for _, r := range rules {
		if !r.applies(from) || r.known != "" { // a new client is in no set
			continue
		}
		masq = masq || r.masquerade
		var ends []string
		for _, c := range r.chains {
			ends = append(ends, rs.follow(c, from, masq))
		}
		for _, t := range r.targets {
			ends = append(ends, fmt.Sprint(t.Addr(), map[bool]string{true: " masqueraded"}[masq]))
		}
		if len(ends) > 0 {
			slices.Sort(ends)
			return strings.Join(slices.Compact(ends), ", ")
		}
	}
	return ""
}

func (r rule) applies(from origin) bool {
	return r.from == anyone || r.from == from || r.from == others && from != pods
}

func TestRuleset(t *testing.T) {
	const here, there = "10.244.1.6", "10.244.2.5"
	outside := others // a client that is neither a pod nor the node
	both := readyAt(here, there)
	for name, tc := range map[string]struct {
		svc  *corev1.Service
		eps  []discoveryv1.Endpoint
		want map[origin][2]string // by client: at the cluster address, at the node port
	}{
		"everywhere": {service("web", "10.96.1.1", withNodePort(30080)), both, map[origin][2]string{
			pods:    {here + ", " + there, here + " masqueraded, " + there + " masqueraded"},
			host:    {here + " masqueraded, " + there + " masqueraded", here + " masqueraded, " + there + " masqueraded"},
			outside: {here + " masqueraded, " + there + " masqueraded", here + " masqueraded, " + there + " masqueraded"},
		}},
		"affinity": {service("web", "10.96.1.1", withNodePort(30080), withAffinity(60)), both, map[origin][2]string{
			pods:    {here + ", " + there, here + " masqueraded, " + there + " masqueraded"},
			outside: {here + " masqueraded, " + there + " masqueraded", here + " masqueraded, " + there + " masqueraded"},
		}},
		"external Local": {service("web", "10.96.1.1", withNodePort(30080), externalLocal), both, map[origin][2]string{
			pods:    {here + ", " + there, here + ", " + there},
			host:    {here + " masqueraded, " + there + " masqueraded", here + " masqueraded, " + there + " masqueraded"},
			outside: {here + " masqueraded, " + there + " masqueraded", here},
		}},
		"external Local, none here": {service("web", "10.96.1.1", withNodePort(30080), externalLocal), readyAt(there), map[origin][2]string{
			pods:    {there, there},
			host:    {there + " masqueraded", there + " masqueraded"},
			outside: {there + " masqueraded", "drop"},
		}},
		"internal Local": {service("web", "10.96.1.1", withNodePort(30080), internalLocal), both, map[origin][2]string{
			pods:    {here, here + " masqueraded, " + there + " masqueraded"},
			outside: {here + " masqueraded", here + " masqueraded, " + there + " masqueraded"},
		}},
		"internal Local, none here": {service("web", "10.96.1.1", internalLocal), readyAt(there), map[origin][2]string{
			pods: {"drop", ""},
		}},
		"both Local with affinity": {service("web", "10.96.1.1", withNodePort(30080), internalLocal, externalLocal, withAffinity(60)), both, map[origin][2]string{
			pods:    {here, here + ", " + there},
			outside: {here + " masqueraded", here},
		}},
		"no endpoints": {service("web", "10.96.1.1", withNodePort(30080)), nil, map[origin][2]string{
			pods: {"reject", "reject"}, host: {"reject", "reject"}, outside: {"reject", "reject"},
		}},
		"no endpoints, Local": {service("web", "10.96.1.1", withNodePort(30080), internalLocal, externalLocal), nil, map[origin][2]string{
			pods: {"reject", "reject"}, outside: {"reject", "reject"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ports := portsOf([]*corev1.Service{tc.svc}, []*discoveryv1.EndpointSlice{slice("web", tc.eps...)}, "node")
			rs := rulesetOf(ports, testNode(t))
			fs := []frontend{{netip.MustParseAddr("10.96.1.1"), tcp, 80}, {proto: tcp, port: 30080}}
			for from, want := range tc.want {
				for i, f := range fs {
					if got := rs.walk(f, from); got != want[i] {
						t.Errorf("client %v at %v: %q, want %q", from, f, got, want[i])
					}
				}
			}
		})
	}
}

func TestHairpinHoldsThisNodesPods(t *testing.T) {
	ports := portsOf([]*corev1.Service{service("web", "10.96.1.1")},
		[]*discoveryv1.EndpointSlice{slice("web", readyAt("10.244.1.6", "10.244.2.5", "10.98.0.11")...)}, "node")
	rs := rulesetOf(ports, testNode(t))
	if len(rs.hairpin) != 1 || !rs.hairpin[netip.MustParseAddr("10.244.1.6")] {
		t.Errorf("%v, want 10.244.1.6 alone", rs.hairpin)
	}
}

// Every reference leads somewhere, and nothing is there that nobody refers to.
func TestRulesetIsConnected(t *testing.T) {
	var services []*corev1.Service
	var epSlices []*discoveryv1.EndpointSlice
	for i, change := range [][]func(*corev1.Service){
		{withNodePort(30080)}, {withNodePort(30081), externalLocal, internalLocal, withAffinity(9)}, {withUDP, withAffinity(8)}, {withExternalIP("198.51.100.7")},
	} {
		name := fmt.Sprintf("web-%d", i)
		services = append(services, service(name, fmt.Sprintf("10.96.1.%d", i), change...))
		epSlices = append(epSlices, slice(name, readyAt("10.244.1.6", "10.244.2.5")...))
	}
	rs := rulesetOf(portsOf(services, epSlices, "node"), testNode(t))
	chains, sets := map[string]bool{chainReject: true, chainDrop: true}, map[string]bool{}
	for _, name := range verdictMaps() {
		for _, chain := range rs.verdicts[name] {
			chains[chain] = true
		}
	}
	for _, rules := range rs.chains {
		for _, r := range rules {
			for _, c := range r.chains {
				chains[c] = true
			}
			sets[r.known], sets[r.remember] = true, true
		}
	}
	for c := range chains {
		if _, ok := rs.chains[c]; !ok && c != chainReject && c != chainDrop {
			t.Errorf("chain %s does not exist", c)
		}
	}
	for c := range rs.chains {
		if !chains[c] {
			t.Errorf("chain %s is unused", c)
		}
	}
	for s := range rs.affinity {
		if !sets[s] {
			t.Errorf("set %s is unused", s)
		}
	}
}
