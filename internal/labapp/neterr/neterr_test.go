package neterr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// get makes one request with a short timeout.
func get(t *testing.T, url string, timeout time.Duration) error {
	t.Helper()
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// raw serves every connection with f.
func raw(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f(conn)
		}
	}()
	return listener.Addr().String()
}

func TestKindsOfRealFailures(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	closed := raw(t, func(c net.Conn) { c.Close() })
	silent := raw(t, func(net.Conn) {})
	reset := raw(t, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() })
	babble := raw(t, func(c net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(c)) // else closing resets the connection
		_, _ = io.WriteString(c, "220 smtp ready\r\n\r\n")
		c.Close()
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	for name, test := range map[string]struct{ url, want string }{
		"fine":         {plain.URL, ""},
		"refused":      {"http://" + listener.Addr().String(), Refused},
		"closed":       {"http://" + closed, Reset},
		"reset":        {"http://" + reset, Reset},
		"silent":       {"http://" + silent, Timeout},
		"untrusted":    {secure.URL, TLS},
		"no TLS there": {"https://" + plain.Listener.Addr().String(), TLS},
		"no HTTP":      {"http://" + babble, Protocol},
	} {
		timeout := time.Minute // more than a busy machine takes to fail otherwise
		if test.want == Timeout {
			timeout = 300 * time.Millisecond
		}
		if err := get(t, test.url, timeout); Kind(err) != test.want {
			t.Errorf("%s: kind %q of %v, want %q", name, Kind(err), err, test.want)
		}
	}
}

func TestKindsOfOtherErrors(t *testing.T) {
	for want, err := range map[string]error{
		DNS:      fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host", IsNotFound: true}),
		Canceled: fmt.Errorf("get: %w", context.Canceled),
		Timeout:  context.DeadlineExceeded,
		Other:    errors.New("something else"),
	} {
		if got := Kind(err); got != want {
			t.Errorf("Kind(%v) = %q, want %q", err, got, want)
		}
	}
}
