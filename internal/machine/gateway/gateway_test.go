//go:build linux

package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

var outside = netip.MustParseAddrPort("203.0.113.7:80")

// world is a gateway with two nodes, each of them a gateway's stack of its own
// at the other end of a socket that stands for the TAP device.
func world(t *testing.T, resolvConf string) (*Gateway, [3]*Gateway) {
	t.Helper()
	cfg := Config{
		Log: slog.New(slog.DiscardHandler), MTU: 9000, MAC: mac{2, 1}, Prefix: netip.MustParsePrefix("10.98.0.1/24"),
		Routes:     []Route{{netip.MustParsePrefix("10.244.2.0/24"), netip.MustParseAddr("10.98.0.12")}},
		Inside:     []netip.Prefix{netip.MustParsePrefix("10.98.0.0/24"), netip.MustParsePrefix("10.244.0.0/16")},
		ResolvConf: resolvConf,
	}
	g, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	var nodes [3]*Gateway
	for i := 1; i <= 2; i++ {
		nodes[i] = newNode(t, g, byte(i))
	}
	return g, nodes
}

func newNode(t *testing.T, g *Gateway, i byte) *Gateway {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "tap"), os.NewFile(uintptr(fds[1]), "node")
	n := &Gateway{cfg: g.cfg}
	n.cfg.MAC, n.cfg.Prefix = mac{2, 1, i}, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 98, 0, 10 + i}), 24)
	n.cfg.Routes = []Route{{netip.MustParsePrefix("0.0.0.0/0"), g.cfg.Prefix.Addr()}}
	n.net = newNetwork(n.cfg.MAC, n.cfg.Prefix.Addr())
	if err := n.startStack(); err != nil {
		t.Fatal(err)
	}
	// A node claims what is its own, and sends everything over its one wire.
	for _, own := range []tcpip.Error{n.stack.SetPromiscuousMode(nic, false), n.stack.SetSpoofing(nic, false)} {
		if own != nil {
			t.Fatal(own)
		}
	}
	n.stack.SetTransportProtocolHandler(6, nil)
	n.stack.SetTransportProtocolHandler(17, nil)
	g.Attach(n.cfg.MAC, ours)
	n.net.attach(g.cfg.MAC, theirs)
	for other := byte(1); other <= 2; other++ {
		if other != i {
			n.net.nodes[mac{2, 1, other}] = theirs
		}
	}
	go func() { _ = n.net.receive(theirs) }()
	t.Cleanup(func() { theirs.Close(); n.stack.Destroy() })
	return n
}

func (g *Gateway) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return gonet.DialContextTCP(ctx, g.stack, tcpip.FullAddress{NIC: nic, Addr: address4(to.Addr()), Port: to.Port()}, ipv4.ProtocolNumber)
}

func TestNodesReachTheWorldThroughTheHost(t *testing.T) {
	g, nodes := world(t, "")
	server := echo(t, "tcp4")
	g.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != outside.String() {
			return nil, errors.New("no route")
		}
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}
	c, err := nodes[1].connect(t.Context(), outside)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("hello ", 100_000)
	go func() {
		_, _ = io.WriteString(c, want)
		_ = c.(halfCloser).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || string(got) != want {
		t.Fatalf("got %d bytes back, %v; want %d", len(got), err, len(want))
	}
}

func TestConnectionsFailAtOnce(t *testing.T) {
	g, nodes := world(t, "")
	dial := g.dial
	g.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == outside.String() {
			return nil, syscall.ENETUNREACH
		}
		return dial(ctx, network, address)
	}
	tests := map[string]string{
		"a port of the gateway":         "10.98.0.1:22",
		"a cloud's metadata":            "169.254.169.254:80",
		"a pod on no node":              "10.244.3.5:80",
		"a world that is not there":     outside.String(),
		"the host's DNS when it has no": "10.98.0.1:53",
	}
	for name, to := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			c, err := nodes[1].connect(ctx, netip.MustParseAddrPort(to))
			if err == nil {
				c.Close()
				t.Fatal("connected")
			}
			if ctx.Err() != nil {
				t.Fatalf("hung: %v", err)
			}
		})
	}
}

func TestNodesReachEachOther(t *testing.T) {
	_, nodes := world(t, "")
	l, err := gonet.ListenTCP(nodes[2].stack, tcpip.FullAddress{NIC: nic, Port: 80}, ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "from two")
		c.Close()
	}()
	c, err := nodes[1].connect(t.Context(), netip.MustParseAddrPort("10.98.0.12:80"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); string(got) != "from two" {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestANodeCanBeReplaced(t *testing.T) {
	g, _ := world(t, "")
	again := newNode(t, g, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := again.connect(ctx, netip.MustParseAddrPort("10.98.0.1:22")); err == nil || ctx.Err() != nil {
		t.Fatalf("want a refusal at once, got %v", err)
	}
}

func TestAllowed(t *testing.T) {
	g := &Gateway{cfg: Config{Inside: []netip.Prefix{netip.MustParsePrefix("10.98.0.0/24")}}}
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "192.168.1.5": true, "127.0.0.1": false, "127.8.8.8": false, "0.0.0.0": false, "0.1.2.3": false,
		"169.254.169.254": false, "224.0.0.251": false, "255.255.255.255": false, "10.98.0.12": false,
	} {
		if got := g.allowed(netip.MustParseAddr(addr)); got != want {
			t.Errorf("allowed(%s) = %v, want %v", addr, got, want)
		}
	}
}

func TestTheGatewayAnswersOnlyForItself(t *testing.T) {
	n := newNetwork(mac{2, 1}, netip.MustParseAddr("10.98.0.1"))
	arp := func(target string) []byte {
		f := make([]byte, 42)
		f[12], f[13] = 0x08, 0x06
		copy(f[38:], netip.MustParseAddr(target).AsSlice())
		return f
	}
	packet := func(protocol byte, target string) []byte {
		f := make([]byte, 60)
		f[12] = 0x08
		f[23] = protocol
		copy(f[30:], netip.MustParseAddr(target).AsSlice())
		return f
	}
	tests := map[string]struct {
		frame []byte
		want  bool
	}{
		"ARP for the gateway":   {arp("10.98.0.1"), true},
		"ARP for a node":        {arp("10.98.0.12"), false},
		"ping the gateway":      {packet(uint8(header.ICMPv4ProtocolNumber), "10.98.0.1"), true},
		"ping the world":        {packet(uint8(header.ICMPv4ProtocolNumber), "8.8.8.8"), false},
		"TCP to the world":      {packet(uint8(header.TCPProtocolNumber), "8.8.8.8"), true},
		"a frame that is short": {arp("10.98.0.1")[:20], false},
	}
	for name, tt := range tests {
		if got := n.concerns(tt.frame); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func echo(t *testing.T, network string) string {
	t.Helper()
	l, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.(*net.TCPConn).CloseWrite()
			}()
		}
	}()
	return l.Addr().String()
}

func resolvConf(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
