//go:build e2e

package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// serve answers on a TCP and a UDP port of the place with its name and the
// address that it sees. A TCP connection stays open: each line gets an answer.
func (w *world) serve(p place, port uint16) (stop func()) {
	w.t.Helper()
	var l net.Listener
	var pc net.PacketConn
	addr := netip.AddrPortFrom(p.addr, port).String()
	w.must(p.do(func() (err error) {
		if l, err = net.Listen("tcp4", addr); err != nil {
			return err
		}
		pc, err = net.ListenPacket("udp4", addr)
		return err
	}))
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c, p.name)
		}
	}()
	go func() {
		buf := make([]byte, 512)
		for {
			_, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(writerTo{pc, from}, "%s %s\n", p.name, ipOf(from))
		}
	}()
	stop = func() { _ = l.Close(); _ = pc.Close() }
	w.t.Cleanup(stop)
	return stop
}

type writerTo struct {
	net.PacketConn
	to net.Addr
}

func (w writerTo) Write(b []byte) (int, error) { return w.WriteTo(b, w.to) }

func answer(c net.Conn, name string) {
	defer c.Close()
	buf := make([]byte, 64)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
		if _, err := fmt.Fprintf(c, "%s %s\n", name, ipOf(c.RemoteAddr())); err != nil {
			return
		}
	}
}

func ipOf(a net.Addr) string { return netip.MustParseAddrPort(a.String()).Addr().String() }

// dial opens a connection from the place.
func (p place) dial(network, to string) (net.Conn, error) {
	var c net.Conn
	err := p.do(func() (err error) {
		c, err = (&net.Dialer{Timeout: 2 * time.Second}).DialContext(context.Background(), network, to)
		return err
	})
	return c, err
}

// ask sends a line and returns who answered, and the address that they saw.
func ask(c net.Conn) (name, saw string, err error) {
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return "", "", err
	}
	if _, err := io.WriteString(c, "?\n"); err != nil {
		return "", "", err
	}
	buf := make([]byte, 128)
	n, err := c.Read(buf)
	if err != nil {
		return "", "", err
	}
	name, saw, _ = strings.Cut(strings.TrimSpace(string(buf[:n])), " ")
	return name, saw, nil
}

// ask opens a connection, asks once and closes it.
func (p place) ask(network, to string) (name, saw string, err error) {
	c, err := p.dial(network, to)
	if err != nil {
		return "", "", err
	}
	defer c.Close()
	return ask(c)
}
