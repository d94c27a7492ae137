package gateway

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	dialTimeout = 5 * time.Second
	// maxDialing is how many connections may be on their way at once.
	maxDialing = 512
	// maxTCP and maxUDP are how many connections and exchanges may stand at once:
	// each takes one of the host's sockets and two buffers here, and a pod that
	// opens them without end must not take the whole cluster's network down.
	maxTCP = 1024
	maxUDP = 256
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

// slots bounds how many of something there are at once.
type slots chan struct{}

func (s slots) take() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s slots) free() { <-s }

func destination(id stack.TransportEndpointID) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(id.LocalAddress.As4()), id.LocalPort)
}

// tcpForwarder answers for the world: it accepts a connection once its own to
// the true destination stands, and refuses it when that fails.
func (g *Gateway) tcpForwarder() *tcp.Forwarder {
	return tcp.NewForwarder(g.stack, 0, maxDialing, func(r *tcp.ForwarderRequest) {
		if !g.tcp.take() {
			r.Complete(true)
			return
		}
		if !g.forwardTCP(r) {
			g.tcp.free()
		}
	})
}

// forwardTCP answers one connection. It says whether that now stands, and will
// free its slot when it ends.
func (g *Gateway) forwardTCP(r *tcp.ForwarderRequest) bool {
	outside, err := g.dialTCP(destination(r.ID()))
	if err != nil {
		r.Complete(true)
		return false
	}
	var wq waiter.Queue
	ep, failure := r.CreateEndpoint(&wq)
	if failure != nil {
		outside.Close()
		r.Complete(true)
		return false
	}
	r.Complete(false)
	ep.SocketOptions().SetKeepAlive(true)
	inside := gonet.NewTCPConn(&wq, ep)
	if g.spawn(func() { defer g.tcp.free(); g.join(inside, outside) }) {
		return true
	}
	_ = inside.Close()
	outside.Close()
	return false
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
	if !g.allowed(to.Addr()) || !g.udp.take() {
		return false
	}
	// For UDP, dialing only asks whether there is a route.
	outside, err := g.dial(g.life, "udp4", to.String())
	if err != nil {
		g.udp.free()
		return false
	}
	return udp.NewForwarder(g.stack, func(r *udp.ForwarderRequest) {
		if !g.exchange(r, outside) {
			outside.Close()
			g.udp.free()
		}
	}).HandlePacket(id, pkt)
}

// exchange begins an exchange, which frees its slot when it ends.
func (g *Gateway) exchange(r *udp.ForwarderRequest, outside net.Conn) bool {
	var wq waiter.Queue
	ep, failure := r.CreateEndpoint(&wq)
	if failure != nil {
		return false
	}
	inside := gonet.NewUDPConn(&wq, ep)
	if g.spawn(func() { defer g.udp.free(); g.relayUDP(inside, outside) }) {
		return true
	}
	_ = inside.Close()
	return false
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

// DialTCP connects to a node, or to something behind one, in the name of the
// gateway. The caller closes the connection; it also ends with the gateway.
func (g *Gateway) DialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	address := tcpip.FullAddress{NIC: nic, Addr: address4(to.Addr()), Port: to.Port()}
	return gonet.DialContextTCP(ctx, g.stack, address, ipv4.ProtocolNumber)
}
