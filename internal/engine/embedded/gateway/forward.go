package gateway

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	dialTimeout = 5 * time.Second
	// maxDialing is how many connections may be on their way at once.
	maxDialing = 512
	// udpIdle is how long a UDP exchange is remembered after its last datagram.
	udpIdle = 60 * time.Second
	dnsPort = 53
)

// allowed tells whether nodes may speak to an address of the world.
func (g *Gateway) allowed(to netip.Addr) bool {
	if to.IsLoopback() || to.IsUnspecified() || to.IsMulticast() || to.IsLinkLocalUnicast() || to == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return false
	}
	for _, inside := range g.cfg.Inside {
		if inside.Contains(to) {
			return false
		}
	}
	// 0.0.0.0/8 is this host, too, to some systems.
	return to.As4()[0] != 0
}

func destination(id stack.TransportEndpointID) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(id.LocalAddress.As4()), id.LocalPort)
}

// tcpForwarder answers for the world: it accepts a connection once its own to
// the true destination stands, and refuses it when that fails.
func (g *Gateway) tcpForwarder() *tcp.Forwarder {
	return tcp.NewForwarder(g.stack, 0, maxDialing, func(r *tcp.ForwarderRequest) {
		outside, err := g.dialTCP(destination(r.ID()))
		if err != nil {
			r.Complete(true)
			return
		}
		var wq waiter.Queue
		ep, failure := r.CreateEndpoint(&wq)
		if failure != nil {
			outside.Close()
			r.Complete(true)
			return
		}
		r.Complete(false)
		ep.SocketOptions().SetKeepAlive(true)
		inside := gonet.NewTCPConn(&wq, ep)
		if !g.spawn(func() { g.join(inside, outside) }) {
			_ = inside.Close()
			outside.Close()
		}
	})
}

func (g *Gateway) dialTCP(to netip.AddrPort) (halfCloser, error) {
	if to == netip.AddrPortFrom(g.cfg.Prefix.Addr(), dnsPort) {
		return withHalves(g.dns.dialTCP(g.life))
	}
	if !g.allowed(to.Addr()) {
		return nil, net.UnknownNetworkError("not outside the cluster")
	}
	return withHalves(g.dial(g.life, "tcp4", to.String()))
}

type halfCloser interface {
	net.Conn
	CloseWrite() error
}

func withHalves(c net.Conn, err error) (halfCloser, error) {
	if err != nil {
		return nil, err
	}
	return c.(halfCloser), nil
}

// join copies between two connections until both directions have ended.
func (g *Gateway) join(a, b halfCloser) {
	defer a.Close()
	defer b.Close()
	stop := context.AfterFunc(g.life, func() { a.Close(); b.Close() })
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyHalf(a, b)
	}()
	copyHalf(b, a)
	<-done
}

// copyHalf passes the end of a stream on, and a broken stream as the end of
// both directions.
func copyHalf(to, from halfCloser) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	_ = to.CloseWrite()
}

// forwardUDP starts an exchange with its first datagram. False makes the stack
// tell the sender that the port is unreachable.
func (g *Gateway) forwardUDP(id stack.TransportEndpointID, pkt *stack.PacketBuffer) bool {
	to := destination(id)
	if !g.allowed(to.Addr()) {
		return false
	}
	// For UDP, dialing only asks whether there is a route.
	outside, err := g.dial(g.life, "udp4", to.String())
	if err != nil {
		return false
	}
	return udp.NewForwarder(g.stack, func(r *udp.ForwarderRequest) {
		var wq waiter.Queue
		ep, failure := r.CreateEndpoint(&wq)
		if failure != nil {
			outside.Close()
			return
		}
		inside := gonet.NewUDPConn(&wq, ep)
		if !g.spawn(func() { g.relayUDP(inside, outside) }) {
			_ = inside.Close()
			outside.Close()
		}
	}).HandlePacket(id, pkt)
}

// relayUDP passes datagrams both ways until neither side has sent for a while.
func (g *Gateway) relayUDP(a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	stop := context.AfterFunc(g.life, func() { a.Close(); b.Close() })
	defer stop()
	idle := time.AfterFunc(udpIdle, func() { a.Close(); b.Close() })
	defer idle.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyDatagrams(a, b, idle)
	}()
	copyDatagrams(b, a, idle)
	<-done
}

func copyDatagrams(to, from net.Conn, idle *time.Timer) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			to.Close()
			return
		}
		idle.Reset(udpIdle)
		if _, err := to.Write(buf[:n]); err != nil {
			from.Close()
			return
		}
	}
}
