package server

import (
	"errors"
	"net"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestMerge(t *testing.T) {
	a, b := listen(t), listen(t)
	merged := merge(a, b)
	if merged.Addr() != a.Addr() {
		t.Errorf("address %s, want that of the first, %s", merged.Addr(), a.Addr())
	}
	for _, l := range []net.Listener{a, b} {
		client, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := merged.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if conn.LocalAddr().String() != l.Addr().String() {
			t.Errorf("accepted on %s, dialled %s", conn.LocalAddr(), l.Addr())
		}
		conn.Close()
		client.Close()
	}
	if err := merged.Close(); err != nil {
		t.Error(err)
	}
	if _, err := merged.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	if _, err := net.Dial("tcp4", b.Addr().String()); err == nil {
		t.Error("the second listener is still open")
	}
}
