package buildkit

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// http2 is what gRPC speaks, and both sides know that when they begin.
func http2() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// dial makes calls on a connection that is open.
func dial(ctx context.Context, conn net.Conn) (*http.ClientConn, error) {
	transport := &http.Transport{
		Protocols:          http2(),
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableCompression: true, // messages are as they are
	}
	return transport.NewClientConn(ctx, "http", "docker:80")
}

// accept answers the calls on a connection, until that is closed.
func accept(conn net.Conn, handler http.Handler) {
	only := &single{addr: conn.LocalAddr(), ended: make(chan struct{})}
	only.conn = &closing{Conn: conn, closed: only.end}
	server := &http.Server{Handler: handler, Protocols: http2()} //nolint:gosec // builds take as long as they take
	_ = server.Serve(only)                                       // it ends with the connection
}

// single is a listener of one connection, and ends with it.
type single struct {
	mu    sync.Mutex
	conn  net.Conn // until it is accepted
	addr  net.Addr
	once  sync.Once
	ended chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	s.mu.Lock()
	conn := s.conn
	s.conn = nil
	s.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	<-s.ended
	return nil, net.ErrClosed
}

func (s *single) end() { s.once.Do(func() { close(s.ended) }) }

// Close is the listener's own, by its server.
func (s *single) Close() error {
	s.end()
	return nil
}

func (s *single) Addr() net.Addr { return s.addr }

// closing is a connection that tells when it is closed.
type closing struct {
	net.Conn

	closed func()
}

func (c *closing) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
