package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// udpFlows knows where established UDP flows may point. A UDP "connection"
// never ends, so a client that keeps sending would be translated to an endpoint
// that is gone for as long as it keeps sending.
type udpFlows struct {
	endpoints map[frontend][]netip.AddrPort
	local     map[netip.Addr]bool // the node's addresses, for node ports
}

// udpEndpoints returns the endpoints that flows to each UDP frontend may keep.
func udpEndpoints(ports []port) map[frontend][]netip.AddrPort {
	out := map[frontend][]netip.AddrPort{}
	for _, p := range ports {
		if p.proto != udp {
			continue
		}
		for _, f := range p.frontends() {
			out[f] = p.serving
		}
		if p.nodePort != 0 {
			out[frontend{proto: udp, port: p.nodePort}] = p.serving
		}
	}
	return out
}

// changedFlows returns the frontends whose endpoints changed, those that are
// gone with no endpoint at all.
func changedFlows(before, after map[frontend][]netip.AddrPort) map[frontend][]netip.AddrPort {
	out := map[frontend][]netip.AddrPort{}
	for f, eps := range after {
		if old, ok := before[f]; !ok || !slices.Equal(old, eps) {
			out[f] = eps
		}
	}
	for f := range before {
		if _, ok := after[f]; !ok {
			out[f] = nil
		}
	}
	return out
}

// forgetFlows deletes the kernel's record of UDP flows to the frontends that
// lead elsewhere than to their endpoints. It returns how many there were.
func forgetFlows(endpoints map[frontend][]netip.AddrPort) (int, error) {
	if len(endpoints) == 0 {
		return 0, nil
	}
	local, err := localAddrs()
	if err != nil {
		return 0, err
	}
	filter := udpFlows{endpoints: endpoints, local: local}
	n, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, filter)
	if errors.Is(err, netlink.ErrDumpInterrupted) { // the table changed meanwhile: look again
		var again uint
		again, err = netlink.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, filter)
		n += again
		if errors.Is(err, netlink.ErrDumpInterrupted) {
			err = nil
		}
	}
	if err != nil {
		return int(n), fmt.Errorf("forget stale UDP flows: %w", err)
	}
	return int(n), nil
}

// MatchConntrackFlow says whether the flow is to be deleted.
func (u udpFlows) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	if flow.Forward.Protocol != uint8(udp) {
		return false
	}
	to, ok := netip.AddrFromSlice(flow.Forward.DstIP)
	if !ok {
		return false
	}
	eps, ours := u.endpoints[frontend{to.Unmap(), udp, flow.Forward.DstPort}]
	if !ours && u.local[to.Unmap()] {
		eps, ours = u.endpoints[frontend{proto: udp, port: flow.Forward.DstPort}]
	}
	if !ours {
		return false
	}
	answers, _ := netip.AddrFromSlice(flow.Reverse.SrcIP)
	return !slices.Contains(eps, netip.AddrPortFrom(answers.Unmap(), flow.Reverse.SrcPort))
}

func localAddrs() (map[netip.Addr]bool, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the node's addresses: %w", err)
	}
	out := map[netip.Addr]bool{}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out[p.Addr()] = true
		}
	}
	return out, nil
}
