package server

import (
	"errors"
	"net"
	"sync"
)

// listeners accepts from several listeners as if they were one. Its address is
// that of the first.
type listeners struct {
	all    []net.Listener
	conns  chan accepted
	closed chan struct{}
	once   sync.Once
}

type accepted struct {
	conn net.Conn
	err  error
}

// merge takes over the listeners: closing the result closes them.
func merge(all ...net.Listener) *listeners {
	l := &listeners{all: all, conns: make(chan accepted), closed: make(chan struct{})}
	for _, one := range all {
		go l.accept(one)
	}
	return l
}

func (l *listeners) accept(from net.Listener) {
	for {
		conn, err := from.Accept()
		select {
		case l.conns <- accepted{conn, err}:
		case <-l.closed:
			if err == nil {
				conn.Close()
			}
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// Accept implements net.Listener.
func (l *listeners) Accept() (net.Conn, error) {
	select {
	case a := <-l.conns:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *listeners) Close() error {
	var errs []error
	l.once.Do(func() {
		close(l.closed)
		for _, one := range l.all {
			errs = append(errs, one.Close())
		}
	})
	return errors.Join(errs...)
}

// Addr implements net.Listener.
func (l *listeners) Addr() net.Addr { return l.all[0].Addr() }
