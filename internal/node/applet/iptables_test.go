//go:build linux

package applet

import (
	"net/netip"
	"strings"
	"testing"
)

// The calls are those that Docker's resolver makes.
func TestIPTablesCallsOfDocker(t *testing.T) {
	ns := netip.MustParseAddr("127.0.0.11")
	tests := map[string]natCall{
		"--wait -t nat -N DOCKER_OUTPUT": {action: 'N', chain: "DOCKER_OUTPUT"},
		"-w -t nat -F DOCKER_OUTPUT":     {action: 'F', chain: "DOCKER_OUTPUT"},
		"--wait -t nat -C OUTPUT -d 127.0.0.11 -j DOCKER_OUTPUT": {
			action: 'C', chain: "OUTPUT", rule: natRule{destination: ns, target: "DOCKER_OUTPUT"}},
		"-t nat -I DOCKER_OUTPUT -d 127.0.0.11 -p udp --dport 53 -j DNAT --to-destination 127.0.0.11:40000": {
			action: 'I', chain: "DOCKER_OUTPUT", rule: natRule{destination: ns, protocol: "udp", destinationPort: 53, target: "DNAT",
				to: netip.AddrPortFrom(ns, 40000)}},
		"-t nat -A DOCKER_POSTROUTING -s 127.0.0.11 -p tcp --sport 40000 -j SNAT --to-source :53": {
			action: 'A', chain: "DOCKER_POSTROUTING", rule: natRule{source: ns, protocol: "tcp", sourcePort: 40000, target: "SNAT",
				to: netip.AddrPortFrom(netip.Addr{}, 53)}},
	}
	seen := map[string]string{}
	for args, want := range tests {
		got, err := parseIPTables(strings.Fields(args))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", args, got, err, want)
		}
		if other, twice := seen[got.rule.String()]; twice && got.rule != (natRule{}) {
			t.Errorf("%s and %s have the same words", args, other)
		}
		seen[got.rule.String()] = args
	}
}

func TestIPTablesRefusesWhatItCannotDo(t *testing.T) {
	for args, want := range map[string]string{
		"-N DOCKER":                       "only make rules of the table nat",
		"-t filter -N DOCKER":             "only make rules of the table nat",
		"-t nat":                          "only make rules of the table nat",
		"-t nat -N":                       "-N needs a value",
		"-t nat -A X -p icmp":             "neither tcp nor udp",
		"-t nat -A X --dport 65536":       "--dport 65536",
		"-t nat -A X --to-source host:53": "--to-source host:53",
		"-t nat -A X -d nowhere":          "-d nowhere",
		"-t nat -A X -m conntrack":        "not an option of this one",
	} {
		if call, err := parseIPTables(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", args, call, err)
		}
	}
}
