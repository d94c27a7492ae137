//go:build linux

package gateway

import (
	"context"
	"errors"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// question asks for the address of lab.test; after it comes an EDNS record.
func question() []byte {
	q := []byte{0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1}
	q = append(q, "\x03lab\x04test\x00\x00\x01\x00\x01"...)
	return append(q, 0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0)
}

func TestDNSGoesToTheHostsResolver(t *testing.T) {
	g, nodes := world(t, resolvConf(t, "search x\nnameserver 192.0.2.53\noptions ndots:1\n"))
	resolver, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resolver.Close() })
	go func() {
		buf := make([]byte, 512)
		n, from, err := resolver.ReadFrom(buf)
		if err != nil {
			return
		}
		buf[2] |= 0x80
		_, _ = resolver.WriteTo(append(buf[:n], "answer"...), from)
	}()
	g.dns.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "192.0.2.53:53" {
			return nil, errors.New("unknown resolver")
		}
		return (&net.Dialer{}).DialContext(ctx, network, resolver.LocalAddr().String())
	}
	answer := ask(t, nodes[1])
	if string(answer[len(answer)-6:]) != "answer" {
		t.Fatalf("got %q", answer)
	}
}

func TestDNSSaysAtOnceThatThereIsNone(t *testing.T) {
	for name, conf := range map[string]string{"no resolver": "", "one that cannot be reached": "nameserver 192.0.2.53\n"} {
		t.Run(name, func(t *testing.T) {
			g, nodes := world(t, resolvConf(t, conf))
			g.dns.dial = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ENETUNREACH }
			answer := ask(t, nodes[1])
			const servFail = 2
			if answer[3]&0xf != servFail || answer[2]&0x80 == 0 {
				t.Fatalf("got % x, want a server failure", answer)
			}
		})
	}
}

func TestASilentResolverIsNotWaitedForAgainAndAgain(t *testing.T) {
	asked := 0
	r := &relay{resolvConf: resolvConf(t, "nameserver 192.0.2.53\n"), dial: func(context.Context, string, string) (net.Conn, error) {
		asked++
		return nil, errors.New("silence")
	}}
	for range 10 {
		r.answer(t.Context(), question())
	}
	if asked != deafAfter {
		t.Errorf("asked %d times, want %d and then a pause", asked, deafAfter)
	}
	r.deafUntil = time.Time{}
	r.answer(t.Context(), question())
	if asked != deafAfter+1 {
		t.Error("the resolver is never asked again")
	}
}

func TestServerFailureKeepsOnlyTheQuestion(t *testing.T) {
	q := question()
	got := serverFailure(q)
	want := slices.Concat([]byte{0xab, 0xcd, 0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:len(q)-11])
	if !slices.Equal(got, want) {
		t.Fatalf("got % x\nwant % x", got, want)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(question())
	f.Add(question()[:14])
	r := &relay{}
	f.Fuzz(func(t *testing.T, query []byte) {
		if got := r.answer(t.Context(), query); len(got) > len(query) {
			t.Fatalf("an answer of %d bytes to a question of %d", len(got), len(query))
		}
	})
}

func ask(t *testing.T, node *Gateway) []byte {
	t.Helper()
	c, err := gonet.DialUDP(node.stack, nil, &tcpip.FullAddress{NIC: nic, Addr: address4(node.cfg.Routes[0].Via), Port: dnsPort}, ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(1900 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(question()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 512)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}
