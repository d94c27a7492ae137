package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// flowCleaner deletes the kernel's record of UDP flows whose endpoint is gone.
// A UDP "connection" never ends, so a client that keeps sending would be
// translated to that endpoint for as long as it keeps sending.
//
// It works beside the syncs, as the kernel needs 10 ms and more to list flows.
type flowCleaner struct {
	log  *slog.Logger
	want atomic.Pointer[udpEndpoints] // as of the last sync
	todo signal
}

// udpEndpoints are the endpoints that flows to each UDP frontend may keep.
type udpEndpoints map[frontend][]netip.AddrPort

// expect tells the cleaner what the kernel's rules say now.
func (c *flowCleaner) expect(now udpEndpoints) {
	c.want.Store(&now)
	c.todo.set()
}

// run works until ctx ends.
func (c *flowCleaner) run(ctx context.Context) {
	var done udpEndpoints
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.todo:
		}
		now := *c.want.Load()
		n, err := forgetFlows(changedFlows(done, now))
		if err != nil {
			c.log.Warn("service proxy: UDP clients may be stuck with endpoints that are gone, trying again", "error", err, "after", retry)
			time.AfterFunc(retry, c.todo.set)
			continue
		}
		done = now
		if n > 0 {
			c.log.Debug("service proxy: forgot stale UDP flows", "flows", n)
		}
	}
}

func udpEndpointsOf(ports []port) udpEndpoints {
	out := udpEndpoints{}
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
func changedFlows(before, after udpEndpoints) udpEndpoints {
	out := udpEndpoints{}
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
func forgetFlows(endpoints udpEndpoints) (int, error) {
	if len(endpoints) == 0 {
		return 0, nil
	}
	local, err := localAddrs()
	if err != nil {
		return 0, err
	}
	filter := staleFlow{endpoints: endpoints, local: local}
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

// staleFlow selects the flows that lead elsewhere than to the endpoints.
type staleFlow struct {
	endpoints udpEndpoints
	local     map[netip.Addr]bool // the node's addresses, for node ports
}

// MatchConntrackFlow says whether the flow is to be deleted.
func (u staleFlow) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
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
