//go:build linux

package gateway

import (
	"context"
	"net"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// TestConnectionsAreBounded opens more than there is room for: the one too many
// is refused at once, and there is room again when another has ended.
func TestConnectionsAreBounded(t *testing.T) {
	g, nodes := world(t, "")
	g.tcp = make(slots, 2)
	server := echo(t, "tcp4")
	g.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var open []net.Conn
	for range cap(g.tcp) {
		c, err := nodes[1].connect(ctx, outside)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if _, err := nodes[1].connect(ctx, outside); err == nil || ctx.Err() != nil {
		t.Fatalf("one connection too many: %v", err)
	}
	open[0].Close()
	for {
		c, err := nodes[1].connect(ctx, outside)
		if err == nil {
			c.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("no room after one has ended: %v", err)
		}
	}
}

// TestExchangesAreBounded begins one exchange more than there is room for.
func TestExchangesAreBounded(t *testing.T) {
	g, nodes := world(t, "")
	g.udp = make(slots, 1)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buf := make([]byte, 64)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(buf[:n], from)
		}
	}()
	g.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.LocalAddr().String())
	}
	answered := func() bool {
		c, err := gonet.DialUDP(nodes[1].stack, nil,
			&tcpip.FullAddress{NIC: nic, Addr: address4(outside.Addr()), Port: outside.Port()}, ipv4.ProtocolNumber)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			return false
		}
		_, err = c.Read(make([]byte, 64))
		return err == nil
	}
	if !answered() {
		t.Error("no answer although there is room")
	}
	if answered() {
		t.Error("an exchange more than there is room for")
	}
}
