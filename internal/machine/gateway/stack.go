package gateway

import (
	"errors"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const nic = 1

// device is the gateway's own port of the switch. The channel it embeds is
// never used as one: frames go straight to the nodes.
type device struct {
	*channel.Endpoint
	net *network
}

// WritePackets sends the stack's frames.
func (d device) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	for _, pkt := range pkts.AsSlice() {
		view := pkt.ToView()
		d.net.route(view.AsSlice(), nil)
		view.Release()
	}
	return pkts.Len(), nil
}

// startStack makes the TCP/IP stack that stands for the rest of the world.
func (g *Gateway) startStack() error {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	g.stack = s
	port := device{
		Endpoint: channel.New(0, uint32(g.cfg.MTU+etherHeader), tcpip.LinkAddress(g.cfg.MAC[:])),
		net:      g.net,
	}
	if err := problem(s.CreateNIC(nic, ethernet.New(port))); err != nil {
		return err
	}
	g.net.inject = func(pkt *stack.PacketBuffer) { port.InjectInbound(0, pkt) }
	address := tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: address4(g.cfg.Prefix.Addr()), PrefixLen: g.cfg.Prefix.Bits()},
	}
	sack := tcpip.TCPSACKEnabled(true)
	for _, err := range []tcpip.Error{
		s.AddProtocolAddress(nic, address, stack.AddressProperties{}),
		s.SetPromiscuousMode(nic, true), // take packets to every address
		s.SetSpoofing(nic, true),        // and answer in their name
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack),
	} {
		if err != nil {
			return problem(err)
		}
	}
	table := []tcpip.Route{{Destination: subnet(g.cfg.Prefix.Masked()), NIC: nic}}
	for _, r := range g.cfg.Routes {
		table = append(table, tcpip.Route{Destination: subnet(r.Net), Gateway: address4(r.Via), NIC: nic})
	}
	s.SetRouteTable(table)
	s.SetTransportProtocolHandler(tcp.ProtocolNumber, g.tcpForwarder().HandlePacket)
	s.SetTransportProtocolHandler(udp.ProtocolNumber, g.forwardUDP)
	return nil
}

func address4(a netip.Addr) tcpip.Address { return tcpip.AddrFrom4(a.As4()) }

func subnet(p netip.Prefix) tcpip.Subnet {
	return tcpip.AddressWithPrefix{Address: address4(p.Addr()), PrefixLen: p.Bits()}.Subnet()
}

// problem makes the stack's errors Go's.
func problem(err tcpip.Error) error {
	if err == nil {
		return nil
	}
	return errors.New(err.String())
}
